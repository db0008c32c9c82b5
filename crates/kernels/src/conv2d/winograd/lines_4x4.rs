//! Interpolation points are 0, ±√½, ±√2 and ∞: half the rounding error of the usual 0, ±1, ±2, ∞ at the same price,
//! because the points are reciprocal in pairs.

use super::tiles::Line;
use super::{F4, Lines, UnscaledF4};
use crate::lanes::Lanes;

pub const A: f32 = core::f32::consts::FRAC_1_SQRT_2;
pub const B: f32 = core::f32::consts::SQRT_2;
/// `1 / Π (p - q)` over the other finite points q, for p = ±√½ and p = ±√2; it is 1 for p = 0.
const SCALE_A: f32 = -2.0 / 3.0;
const SCALE_B: f32 = 1.0 / 6.0;

impl Lines<4, 6> for F4 {
    #[inline(always)]
    fn input<L: Lanes>(d: [L; 6]) -> [L; 6] {
        let (half, two, both) = (L::splat(0.5), L::splat(2.0), L::splat(2.5));
        let (a, b) = (L::splat(A), L::splat(B));
        let (even_a, odd_a) = (d[4].nmadd(two, d[2]), d[3].nmadd(two, d[1]));
        let (even_b, odd_b) = (d[4].nmadd(half, d[2]), d[3].nmadd(half, d[1]));
        [
            d[0].add(d[4]).nmadd(both, d[2]),
            even_a.madd(a, odd_a),
            even_a.nmadd(a, odd_a),
            even_b.madd(b, odd_b),
            even_b.nmadd(b, odd_b),
            d[1].add(d[5]).nmadd(both, d[3]),
        ]
    }

    #[inline(always)]
    fn weight<L: Lanes>(g: [L; 3]) -> [L; 6] {
        let line = |square: f32, point: f32, scale: f32| {
            let even = g[0].madd(g[2], L::splat(square)).mul(L::splat(scale));
            let odd = L::splat(scale * point);
            [even.madd(g[1], odd), even.nmadd(g[1], odd)]
        };
        let ([a, minus_a], [b, minus_b]) = (line(0.5, A, SCALE_A), line(2.0, B, SCALE_B));
        [g[0], a, minus_a, b, minus_b, g[2]]
    }

    #[inline(always)]
    fn output<L: Lanes>(m: [L; 6]) -> [L; 4] {
        let (even_a, odd_a) = (m[1].add(m[2]), m[1].sub(m[2]));
        let (even_b, odd_b) = (m[3].add(m[4]), m[3].sub(m[4]));
        [
            m[0].add(even_a).add(even_b),
            odd_a.mul(L::splat(A)).madd(odd_b, L::splat(B)),
            even_a.mul(L::splat(0.5)).madd(even_b, L::splat(2.0)),
            m[5].madd(odd_a, L::splat(0.5 * A)).madd(odd_b, L::splat(2.0 * B)),
        ]
    }
}

/// The polynomial g at a point, whose square is given, and at its negative.
#[inline(always)]
pub fn at_points<L: Lanes>(g: [L; 3], square: f32, point: f32) -> [L; 2] {
    let even = g[0].madd(g[2], L::splat(square));
    [even.madd(g[1], L::splat(point)), even.nmadd(g[1], L::splat(point))]
}

impl Lines<4, 6> for UnscaledF4 {
    #[inline(always)]
    fn input<L: Lanes>(d: [L; 6]) -> [L; 6] {
        F4::input(d)
    }

    #[inline(always)]
    fn weight<L: Lanes>(g: [L; 3]) -> [L; 6] {
        let ([a, minus_a], [b, minus_b]) = (at_points(g, 0.5, A), at_points(g, 2.0, B));
        [g[0], a, minus_a, b, minus_b, g[2]]
    }

    #[inline(always)]
    fn output<L: Lanes>(m: [L; 6]) -> [L; 4] {
        let (even_a, odd_a) = (m[1].add(m[2]), m[1].sub(m[2]));
        let (even_b, odd_b) = (m[3].add(m[4]), m[3].sub(m[4]));
        [
            m[0].madd(even_a, L::splat(SCALE_A)).madd(even_b, L::splat(SCALE_B)),
            odd_a.mul(L::splat(SCALE_A * A)).madd(odd_b, L::splat(SCALE_B * B)),
            even_a.mul(L::splat(SCALE_A * 0.5)).madd(even_b, L::splat(SCALE_B * 2.0)),
            m[5].madd(odd_a, L::splat(SCALE_A * 0.5 * A)).madd(odd_b, L::splat(SCALE_B * 2.0 * B)),
        ]
    }
}

/// `A y`.
pub enum OutputGradient {}

impl Line<4, 6> for OutputGradient {
    #[inline(always)]
    fn of<L: Lanes>(y: [L; 4]) -> [L; 6] {
        let (half, two) = (L::splat(0.5), L::splat(2.0));
        let (a, b) = (L::splat(A), L::splat(B));
        let (even_a, odd_a) = (y[0].madd(half, y[2]), y[1].madd(half, y[3]));
        let (even_b, odd_b) = (y[0].madd(two, y[2]), y[1].madd(two, y[3]));
        [y[0], even_a.madd(a, odd_a), even_a.nmadd(a, odd_a), even_b.madd(b, odd_b), even_b.nmadd(b, odd_b), y[3]]
    }
}

/// `Gᵀ u`.
#[inline(always)]
pub fn weight_gradient<L: Lanes>(u: [L; 6]) -> [L; 3] {
    let (even_a, odd_a) = (u[1].add(u[2]), u[1].sub(u[2]));
    let (even_b, odd_b) = (u[3].add(u[4]), u[3].sub(u[4]));
    [
        u[0].madd(even_a, L::splat(SCALE_A)).madd(even_b, L::splat(SCALE_B)),
        odd_a.mul(L::splat(SCALE_A * A)).madd(odd_b, L::splat(SCALE_B * B)),
        u[5].madd(even_a, L::splat(0.5 * SCALE_A)).madd(even_b, L::splat(2.0 * SCALE_B)),
    ]
}
