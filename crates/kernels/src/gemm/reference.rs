//! The definition, with sums in f64.

use super::Gemm;
use crate::abi::Task;

/// # Safety
/// Pointers cover the matrices at their strides; `b` is `[depth, columns]`.
pub unsafe fn gemm(g: &Gemm, task: &Task) {
    let (depth, columns) = (g.depth as usize, g.columns as usize);
    for i in task.range(g.rows) {
        for j in 0..columns {
            // SAFETY: i, j and k are in range.
            unsafe {
                let mut sum = if g.bias.is_null() { 0.0 } else { *g.bias.add(j) as f64 };
                for k in 0..depth {
                    sum += *g.a.add(i * g.a_stride as usize + k) as f64 * *g.b.add(k * columns + j) as f64;
                }
                *g.c.add(i * g.c_stride as usize + j) = sum as f32;
            }
        }
    }
}
