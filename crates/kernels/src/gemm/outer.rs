//! The inner loop of gradients of weights: a sum of outer products, some rows by a panel's columns in registers.

use super::tiles::{add_products, store_sum};
use crate::lanes::Lanes;

/// `c[i, j] (+)= Σ_k a[k, i]·b[k, j]` for `R` i and the j of `V` vectors; steps are floats from row to row.
///
/// # Safety
/// `a` and `b` have `count` rows of `R` floats and of `V` vectors, `c` has `R` of as many.
#[inline(always)]
pub unsafe fn add_outer_products<L: Lanes, const R: usize, const V: usize>(
    (mut a, a_step): (*const f32, usize),
    (mut b, b_step): (*const f32, usize),
    count: usize,
    (mut c, c_step): (*mut f32, usize),
    accumulate: bool,
) {
    // SAFETY: the caller vouches for rows and columns.
    unsafe {
        let end = a.add(count * a_step);
        let mut sums = [[L::zero(); V]; R];
        while a != end {
            add_products(&mut sums, |r| a.add(r), b);
            a = a.add(a_step);
            b = b.add(b_step);
        }
        for sum in sums {
            store_sum(sum, c, accumulate);
            c = c.add(c_step);
        }
    }
}
