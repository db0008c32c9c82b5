//! The inner loop of gradients of weights: a sum of outer products, four by eight in registers.

use super::tile::ROWS;
use crate::lanes::Lanes;

/// `c[i, j] (+)= Σ_k a[k, i]·b[k, j]` for four i and eight j; steps are floats from row to row.
///
/// # Safety
/// `a` and `b` have `count ≥ 1` rows of four and eight floats, `c` has four of eight.
#[inline(always)]
pub unsafe fn add_outer_products<L: Lanes>(
    (mut a, a_step): (*const f32, usize),
    (mut b, b_step): (*const f32, usize),
    count: usize,
    (mut c, c_step): (*mut f32, usize),
    accumulate: bool,
) {
    // SAFETY: the caller vouches for rows and columns.
    unsafe {
        let end = a.add(count * a_step);
        let mut acc = [[L::zero(); 2]; ROWS];
        while a != end {
            let (b0, b1) = (L::load(b), L::load(b.add(4)));
            let a0 = L::load_splat(a);
            acc[0] = [acc[0][0].madd(a0, b0), acc[0][1].madd(a0, b1)];
            let a1 = L::load_splat(a.add(1));
            acc[1] = [acc[1][0].madd(a1, b0), acc[1][1].madd(a1, b1)];
            let a2 = L::load_splat(a.add(2));
            acc[2] = [acc[2][0].madd(a2, b0), acc[2][1].madd(a2, b1)];
            let a3 = L::load_splat(a.add(3));
            acc[3] = [acc[3][0].madd(a3, b0), acc[3][1].madd(a3, b1)];
            a = a.add(a_step);
            b = b.add(b_step);
        }
        for [mut low, mut high] in acc {
            if accumulate {
                (low, high) = (low.add(L::load(c)), high.add(L::load(c.add(4))));
            }
            low.store(c);
            high.store(c.add(4));
            c = c.add(c_step);
        }
    }
}
