//! Exponentials in f32, sums in f64, a cache line of columns side by side.

use super::{COLUMNS, SoftmaxAxisBackward, SoftmaxAxisForward, items};
use crate::abi::Task;
use core::ops::Range;

/// The elements of an item: rows of columns, `inner` apart.
struct Block {
    rows: Range<usize>,
    inner: usize,
    first: usize,
    columns: Range<usize>,
}

impl Block {
    /// Calls `at` with the column and the place of each element.
    #[inline(always)]
    fn walk(&self, mut at: impl FnMut(usize, usize)) {
        for k in self.rows.clone() {
            for c in self.columns.clone() {
                at(c, self.first + k * self.inner + c);
            }
        }
    }
}

/// # Safety
/// As for the reference.
pub unsafe fn forward(a: &SoftmaxAxisForward, task: &Task) {
    let (rows, inner) = (0..a.classes as usize, a.inner as usize);
    for (first, columns) in items(task, [a.outer, a.classes, a.inner]) {
        let (mut max, mut sum) = ([f32::NEG_INFINITY; COLUMNS], [0.0; COLUMNS]);
        let block = Block { rows: rows.clone(), inner, first, columns };
        // SAFETY: the places lie within the tensors.
        unsafe {
            block.walk(|c, i| {
                let value = *a.x.add(i);
                max[c] = if value > max[c] { value } else { max[c] };
            });
            // A NaN makes its sum NaN.
            block.walk(|c, i| {
                let e = libm::expf(*a.x.add(i) - max[c]);
                sum[c] += e as f64;
                if a.log == 0 {
                    *a.y.add(i) = e;
                }
            });
            let factor = sum.map(|sum| (1.0 / sum) as f32);
            let logarithm = sum.map(|sum| if a.log != 0 { libm::log(sum) } else { 0.0 });
            block.walk(|c, i| {
                if a.log != 0 {
                    *a.y.add(i) = ((*a.x.add(i) - max[c]) as f64 - logarithm[c]) as f32;
                } else {
                    *a.y.add(i) *= factor[c];
                }
            });
        }
    }
}

/// # Safety
/// As for the reference.
pub unsafe fn backward(a: &SoftmaxAxisBackward, task: &Task) {
    let (rows, inner) = (0..a.classes as usize, a.inner as usize);
    for (first, columns) in items(task, [a.outer, a.classes, a.inner]) {
        let mut sum = [0.0; COLUMNS];
        let block = Block { rows: rows.clone(), inner, first, columns };
        // SAFETY: the places lie within the tensors.
        unsafe {
            block.walk(|c, i| {
                let weight = if a.log != 0 { 1.0 } else { *a.y.add(i) as f64 };
                sum[c] += *a.dy.add(i) as f64 * weight;
            });
            block.walk(|c, i| {
                let (dy, y) = (*a.dy.add(i), *a.y.add(i));
                *a.dx.add(i) = if a.log != 0 { dy - libm::expf(y) * sum[c] as f32 } else { y * (dy - sum[c] as f32) };
            });
        }
    }
}
