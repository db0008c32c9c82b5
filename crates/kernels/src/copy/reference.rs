//! The definition, element by element.

use super::{CopyFill, CopyForward};
use crate::abi::Task;

/// # Safety
/// Pointers cover `pixels` rows at their strides.
pub unsafe fn forward(a: &CopyForward, task: &Task) {
    for p in task.range(a.pixels) {
        for c in 0..a.channels as usize {
            // SAFETY: p and c are in range.
            unsafe { *a.y.add(p * a.y_stride as usize + c) = *a.x.add(p * a.x_stride as usize + c) };
        }
    }
}

/// # Safety
/// The pointer covers `pixels` rows at its stride.
pub unsafe fn fill(a: &CopyFill, task: &Task) {
    for p in task.range(a.pixels) {
        for c in 0..a.channels as usize {
            // SAFETY: p and c are in range.
            unsafe { *a.y.add(p * a.y_stride as usize + c) = a.value };
        }
    }
}
