//! The definition in f64.

use super::{SigmoidBackward, SigmoidForward};
use crate::abi::Task;

/// # Safety
/// Pointers cover `pixels` rows at their strides.
pub unsafe fn forward(a: &SigmoidForward, task: &Task) {
    for p in task.range(a.pixels) {
        for c in 0..a.channels as usize {
            // SAFETY: p and c are in range.
            unsafe {
                let x = *a.x.add(p * a.x_stride as usize + c) as f64;
                *a.y.add(p * a.y_stride as usize + c) = (1.0 / (1.0 + libm::exp(-x))) as f32;
            }
        }
    }
}

/// # Safety
/// Pointers cover `pixels` rows at their strides.
pub unsafe fn backward(a: &SigmoidBackward, task: &Task) {
    for p in task.range(a.pixels) {
        for c in 0..a.channels as usize {
            // SAFETY: p and c are in range.
            unsafe {
                let y = *a.y.add(p * a.y_stride as usize + c) as f64;
                let dy = *a.dy.add(p * a.dy_stride as usize + c) as f64;
                *a.dx.add(p * a.dx_stride as usize + c) = (y * (1.0 - y) * dy) as f32;
            }
        }
    }
}
