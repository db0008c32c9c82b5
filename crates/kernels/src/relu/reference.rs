//! The definition, element by element.

use super::{ReluBackward, ReluForward};
use crate::abi::Task;

/// # Safety
/// Pointers cover `pixels` rows at their strides.
pub unsafe fn forward(a: &ReluForward, task: &Task) {
    for p in task.range(a.pixels) {
        for c in 0..a.channels as usize {
            // SAFETY: p and c are in range.
            unsafe {
                let x = *a.x.add(p * a.x_stride as usize + c);
                *a.y.add(p * a.y_stride as usize + c) = if x < 0.0 { 0.0 } else { x };
            }
        }
    }
}

/// # Safety
/// Pointers cover `pixels` rows at their strides.
pub unsafe fn backward(a: &ReluBackward, task: &Task) {
    for p in task.range(a.pixels) {
        for c in 0..a.channels as usize {
            // SAFETY: p and c are in range.
            unsafe {
                let y = *a.y.add(p * a.y_stride as usize + c);
                let dy = *a.dy.add(p * a.dy_stride as usize + c);
                *a.dx.add(p * a.dx_stride as usize + c) = if y > 0.0 { dy } else { 0.0 };
            }
        }
    }
}
