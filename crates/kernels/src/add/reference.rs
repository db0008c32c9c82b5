//! The definition, element by element.

use super::AddForward;
use crate::abi::Task;

/// # Safety
/// Pointers cover `pixels` rows at their strides.
pub unsafe fn forward(args: &AddForward, task: &Task) {
    for p in task.range(args.pixels) {
        for c in 0..args.channels as usize {
            // SAFETY: p and c are in range.
            unsafe {
                let sum = *args.a.add(p * args.a_stride as usize + c) + *args.b.add(p * args.b_stride as usize + c);
                let clipped = args.relu != 0 && sum < 0.0;
                *args.y.add(p * args.y_stride as usize + c) = if clipped { 0.0 } else { sum };
            }
        }
    }
}
