//! The definition, element by element.

use super::AddForward;
use crate::abi::Task;
use crate::pixels::{Pixels, each, relu};

/// # Safety
/// Pointers cover `pixels` rows at their strides.
pub unsafe fn forward(args: &AddForward, task: &Task) {
    let AddForward { pixels, channels, .. } = *args;
    // SAFETY: as above.
    let [a, b, y] = unsafe {
        [
            Pixels::new(args.a, args.a_stride, pixels, channels),
            Pixels::new(args.b, args.b_stride, pixels, channels),
            Pixels::new(args.y, args.y_stride, pixels, channels),
        ]
    };
    for (p, c) in each(task, pixels, channels) {
        let sum = a.at(p, c) + b.at(p, c);
        y.set(p, c, if args.relu != 0 { relu(sum) } else { sum });
    }
}
