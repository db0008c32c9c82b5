//! Elementary functions on lanes: the same bits on every vector, and in every build whose multiply-add rounds as often.

use crate::lanes::Lanes;

/// `x + ROUND - ROUND` is x rounded to a whole number, where that is small.
const ROUND: f32 = 12582912.0;
/// ln 2 as a number of few bits, whose products with whole numbers are exact, and what is left.
const LN_2: [f32; 2] = [0.693_359_4, -0.000_212_194_44];
/// Above, e^x is infinite; below, 0.
const EXP_RANGE: [f32; 2] = [-104.0, 89.0];

/// `r` and the whole n of `x = n·ln 2 + r`, the latter plus `round`.
#[inline(always)]
fn reduce<L: Lanes>(x: L, round: f32) -> (L, L) {
    let sum = L::splat(round).madd(x, L::splat(core::f32::consts::LOG2_E));
    let n = sum.sub(L::splat(round));
    let r = x.nmadd(n, L::splat(LN_2[0])).nmadd(n, L::splat(LN_2[1]));
    (r, sum)
}

/// Of `q(r) ≈ (e^r - 1 - r) / r²` for `|r| ≤ ln 2 / 2`, whose largest error, as a share of `e^r`, is the least: 2⁻²⁸. Highest first.
const TERMS: [f32; 5] = [0.001_381_461_2, 0.008_368_71, 0.041_668_39, 0.166_665_21, 0.499_999_94];

/// `e^r - 1` for `|r| ≤ ln 2 / 2`.
#[inline(always)]
fn small_expm1<L: Lanes>(r: L) -> L {
    let sum = TERMS[1..].iter().fold(L::splat(TERMS[0]), |sum, &term| L::splat(term).madd(sum, r));
    r.madd(r.mul(r), sum)
}

/// `p·2ⁿ` of `n + ROUND`, in two steps: 2ⁿ alone may be no number, and results below 2⁻¹²⁶ have few bits.
#[inline(always)]
fn scale<L: Lanes>(p: L, sum: L) -> L {
    let n = sum.sub(L::splat(ROUND));
    let half = n.mul(L::splat(0.5)).add(L::splat(ROUND));
    let rest = n.sub(half.sub(L::splat(ROUND))).add(L::splat(ROUND));
    p.mul(half.power_of_two()).mul(rest.power_of_two())
}

/// `e^x`, off by at most 2⁻²² of its size; results below 2⁻¹²⁶ by 2⁻¹⁴⁹ more.
#[inline(always)]
pub fn exp<L: Lanes>(x: L) -> L {
    let (r, sum) = reduce(x.max(L::splat(EXP_RANGE[0])).min(L::splat(EXP_RANGE[1])), ROUND);
    scale(L::splat(1.0).add(small_expm1(r)), sum)
}

/// `e^x - 1`, off by at most 2⁻²¹ of its size.
#[inline(always)]
pub fn expm1<L: Lanes>(x: L) -> L {
    let limit = L::splat(0.5 * core::f32::consts::LN_2);
    let far = exp(x).sub(L::splat(1.0));
    let near = small_expm1(x.max(L::splat(-1.0)).min(L::splat(1.0)));
    x.abs().select_if_less(limit, near, far)
}

/// Below, e^-x is infinite, and 1 over it 0; above, it is nothing beside 1.
const SIGMOID_RANGE: [f32; 2] = [-89.0, 86.0];

/// `1 / (1 + e^-x)`, off by at most 2⁻²² of its size, and by 2⁻¹²⁸ more where `e^-x` overflows and it is 0.
#[inline(always)]
pub fn sigmoid<L: Lanes>(x: L) -> L {
    let one = L::splat(1.0);
    let minus = L::zero().sub(x.max(L::splat(SIGMOID_RANGE[0])).min(L::splat(SIGMOID_RANGE[1])));
    // 2ⁿ⁻¹, as 2¹²⁸ is no number, but its product with what is less than 1.
    let (r, less) = reduce(minus, ROUND - 1.0);
    let twice = L::splat(2.0).madd(small_expm1(r), L::splat(2.0));
    one.div(one.madd(twice, less.power_of_two()))
}

/// Off by at most 2⁻²⁰ of its size: `(e^2x - 1) / (e^2x + 1)`.
#[inline(always)]
pub fn tanh<L: Lanes>(x: L) -> L {
    let most = L::splat(20.0);
    let e = expm1(x.min(most).max(most.mul(L::splat(-1.0))).mul(L::splat(2.0)));
    e.div(e.add(L::splat(2.0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lanes::{F32x4, Pair};

    fn on<L: Lanes>(f: fn(L) -> L, x: f32) -> f32 {
        let mut y = [0.0; 8];
        // SAFETY: eight lanes are enough for any vector here.
        unsafe { f(L::splat(x)).store(y.as_mut_ptr()) };
        y[0]
    }

    fn check(name: &str, [f, wide]: [&dyn Fn(f32) -> f32; 2], truth: fn(f64) -> f64, range: f32, bound: f64, least: f64) {
        for i in -200_000..=200_000 {
            let x = range * i as f32 / 200_000.0;
            let (y, wanted) = (f(x), truth(x as f64));
            let error = (y as f64 - wanted).abs();
            let fits = y as f64 == wanted as f32 as f64 || error <= bound * wanted.abs() + least;
            assert!(fits, "{name}({x}) is {y}, off by {error:e}");
            assert_eq!(wide(x).to_bits(), y.to_bits(), "{name}({x}) on pairs");
        }
    }

    macro_rules! check {
        ($name:ident, $truth:expr, $range:expr, $bound:expr, $least:expr) => {
            let pairs = |x| on::<Pair<F32x4>>($name, x);
            check(stringify!($name), [&|x| on::<F32x4>($name, x), &pairs], $truth, $range, $bound, $least);
        };
    }

    #[test]
    fn err_within_their_bounds() {
        check!(exp, libm::exp, 110.0, libm::exp2(-22.0), libm::exp2(-149.0));
        check!(exp, libm::exp, 1.0, libm::exp2(-22.0), 0.0);
        check!(expm1, libm::expm1, 100.0, libm::exp2(-21.0), 0.0);
        check!(expm1, libm::expm1, 0.01, libm::exp2(-21.0), 0.0);
        check!(sigmoid, |x| 1.0 / (1.0 + libm::exp(-x)), 110.0, libm::exp2(-22.0), libm::exp2(-127.0));
        check!(tanh, libm::tanh, 30.0, libm::exp2(-20.0), 0.0);
        check!(tanh, libm::tanh, 0.1, libm::exp2(-20.0), 0.0);
    }

    #[test]
    fn know_infinities_and_what_is_no_number() {
        let ends = [-f32::INFINITY, f32::INFINITY];
        assert_eq!(ends.map(|x| on::<F32x4>(exp, x)), [0.0, f32::INFINITY]);
        assert_eq!(ends.map(|x| on::<F32x4>(expm1, x)), [-1.0, f32::INFINITY]);
        assert_eq!(ends.map(|x| on::<F32x4>(sigmoid, x)), [0.0, 1.0]);
        assert_eq!(ends.map(|x| on::<F32x4>(tanh, x)), [-1.0, 1.0]);
        let functions = [exp::<F32x4>, expm1::<F32x4>, sigmoid::<F32x4>, tanh::<F32x4>];
        assert!(functions.iter().all(|f| on(*f, f32::NAN).is_nan()));
    }
}
