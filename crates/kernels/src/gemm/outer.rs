//! The inner loop of gradients of weights: a sum of outer products, some rows by eight columns in registers.

use super::tiles::add_products;
use crate::lanes::Lanes;

/// `c[i, j] (+)= Σ_k a[k, i]·b[k, j]` for `R` i and eight j; steps are floats from row to row.
///
/// # Safety
/// `a` and `b` have `count` rows of `R` and eight floats, `c` has `R` of eight.
#[inline(always)]
pub unsafe fn add_outer_products<L: Lanes, const R: usize>(
    (mut a, a_step): (*const f32, usize),
    (mut b, b_step): (*const f32, usize),
    count: usize,
    (mut c, c_step): (*mut f32, usize),
    accumulate: bool,
) {
    // SAFETY: the caller vouches for rows and columns.
    unsafe {
        let end = a.add(count * a_step);
        let mut sums = [[L::zero(); 2]; R];
        while a != end {
            add_products(&mut sums, |r| a.add(r), b);
            a = a.add(a_step);
            b = b.add(b_step);
        }
        for [mut low, mut high] in sums {
            if accumulate {
                (low, high) = (low.add(L::load(c)), high.add(L::load(c.add(4))));
            }
            low.store(c);
            high.store(c.add(4));
            c = c.add(c_step);
        }
    }
}
