//! The definition, element by element.

use super::{MultiplyForward, MultiplyPartials, MultiplyScale, MultiplySum};
use crate::abi::Task;

/// # Safety
/// Pointers cover `pixels` rows at their strides.
pub unsafe fn forward(args: &MultiplyForward, task: &Task) {
    for p in task.range(args.pixels) {
        for c in 0..args.channels as usize {
            // SAFETY: p and c are in range.
            unsafe {
                let (a, b) = (*args.a.add(p * args.a_stride as usize + c), *args.b.add(p * args.b_stride as usize + c));
                *args.y.add(p * args.y_stride as usize + c) = a * b;
            }
        }
    }
}

/// # Safety
/// Pointers cover `pixels` rows at their strides, `scale` one float.
pub unsafe fn scale(args: &MultiplyScale, task: &Task) {
    for p in task.range(args.pixels) {
        for c in 0..args.channels as usize {
            // SAFETY: p and c are in range.
            unsafe { *args.y.add(p * args.y_stride as usize + c) = *args.x.add(p * args.x_stride as usize + c) * *args.scale };
        }
    }
}

/// # Safety
/// Pointers cover `pixels` rows at their strides; `partials` has one place for each chunk.
pub unsafe fn partials(args: &MultiplyPartials, task: &Task) {
    let mut sum = 0.0;
    for p in task.range(args.pixels) {
        for c in 0..args.channels as usize {
            // SAFETY: p and c are in range.
            unsafe {
                let (a, b) = (*args.a.add(p * args.a_stride as usize + c), *args.b.add(p * args.b_stride as usize + c));
                sum += a as f64 * b as f64;
            }
        }
    }
    // SAFETY: there is one place for each chunk.
    unsafe { *args.partials.add(task.chunk as usize) = sum };
}

/// # Safety
/// `partials` holds `parts` numbers.
pub unsafe fn sum(args: &MultiplySum, _: &Task) {
    // SAFETY: every index is below parts.
    unsafe { *args.y = (0..args.parts as usize).map(|part| *args.partials.add(part)).sum::<f64>() as f32 };
}
