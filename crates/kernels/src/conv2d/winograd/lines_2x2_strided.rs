//! Outputs `g0·d0 + g2·d2` and `g0·d2 + g2·d4` are F(2, 2) with the points 0, -1 and ∞; `g1·d1` and `g1·d3` are added to them.

use super::{Lines, StridedF2};
use crate::lanes::Lanes;

impl Lines<2, 5> for StridedF2 {
    const STRIDE: usize = 2;

    #[inline(always)]
    fn input<L: Lanes>(d: [L; 5]) -> [L; 5] {
        [d[0].sub(d[2]), d[2], d[2].sub(d[4]), d[1], d[3]]
    }

    #[inline(always)]
    fn weight<L: Lanes>(g: [L; 3]) -> [L; 5] {
        [g[0], g[0].add(g[2]), g[2], g[1], g[1]]
    }

    #[inline(always)]
    fn output<L: Lanes>(m: [L; 5]) -> [L; 2] {
        [m[0].add(m[1]).add(m[3]), m[1].sub(m[2]).add(m[4])]
    }
}
