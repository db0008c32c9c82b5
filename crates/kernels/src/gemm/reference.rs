//! The definition, with sums in f64.

use super::Gemm;
use crate::abi::Task;
use crate::pixels::{List, Pixels, each};

/// # Safety
/// Pointers cover the matrices at their strides; `b` is `[depth, columns]`.
pub unsafe fn gemm(g: &Gemm, task: &Task) {
    let Gemm { rows, depth, columns, .. } = *g;
    // SAFETY: as above.
    let ([a, b, c], bias) = unsafe {
        let matrices = [
            Pixels::new(g.a, g.a_stride, rows, depth),
            Pixels::new(g.b, columns, depth, columns),
            Pixels::new(g.c, g.c_stride, rows, columns),
        ];
        (matrices, List::optional(g.bias, columns as usize))
    };
    for (i, j) in each(task, rows, columns) {
        let product: f64 = (0..depth as usize).map(|k| a.at(i, k) * b.at(k, j)).sum();
        c.set(i, j, product + bias.map_or(0.0, |bias| bias.at(j)));
    }
}
