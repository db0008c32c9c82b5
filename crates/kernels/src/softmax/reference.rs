//! The definition in f64.

use super::{SoftmaxBackward, SoftmaxForward};
use crate::abi::Task;

/// # Safety
/// `x` and `y` cover `rows` rows of `classes` at their strides.
pub unsafe fn forward(a: &SoftmaxForward, task: &Task) {
    for row in task.range(a.rows) {
        // SAFETY: row and k are in range.
        unsafe {
            let x = |k: usize| *a.x.add(row * a.x_stride as usize + k) as f64;
            let max = (0..a.classes as usize).map(x).fold(f64::NEG_INFINITY, f64::max);
            let sum: f64 = (0..a.classes as usize).map(|k| libm::exp(x(k) - max)).sum();
            for k in 0..a.classes as usize {
                *a.y.add(row * a.y_stride as usize + k) = (libm::exp(x(k) - max) / sum) as f32;
            }
        }
    }
}

/// # Safety
/// `dy`, `y` and `dx` cover `rows` rows of `classes` at their strides.
pub unsafe fn backward(a: &SoftmaxBackward, task: &Task) {
    for row in task.range(a.rows) {
        // SAFETY: row and k are in range.
        unsafe {
            let dy = |k: usize| *a.dy.add(row * a.dy_stride as usize + k) as f64;
            let y = |k: usize| *a.y.add(row * a.y_stride as usize + k) as f64;
            let mean: f64 = (0..a.classes as usize).map(|k| dy(k) * y(k)).sum();
            for k in 0..a.classes as usize {
                *a.dx.add(row * a.dx_stride as usize + k) = (y(k) * (dy(k) - mean)) as f32;
            }
        }
    }
}
