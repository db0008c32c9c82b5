//! Interpolation points are 0, ±1 and ∞.

use super::{F2, Lines};
use crate::lanes::Lanes;

impl Lines<2, 4> for F2 {
    #[inline(always)]
    fn input<L: Lanes>(d: [L; 4]) -> [L; 4] {
        [d[0].sub(d[2]), d[1].add(d[2]), d[2].sub(d[1]), d[3].sub(d[1])]
    }

    #[inline(always)]
    fn weight<L: Lanes>(g: [L; 3]) -> [L; 4] {
        let half = L::splat(0.5);
        let even = g[0].add(g[2]).mul(half);
        [g[0], even.madd(half, g[1]), even.nmadd(half, g[1]), g[2]]
    }

    #[inline(always)]
    fn output<L: Lanes>(m: [L; 4]) -> [L; 2] {
        [m[0].add(m[1]).add(m[2]), m[1].sub(m[2]).add(m[3])]
    }
}
