//! Rows of lanes.

use super::AddForward;
use crate::abi::Task;
use crate::lanes::Lanes;
use crate::loops::{Row, along, spans};

struct Sum<const RELU: bool> {
    a: *const f32,
    b: *const f32,
    y: *mut f32,
}

impl<const RELU: bool> Row for Sum<RELU> {
    #[inline(always)]
    unsafe fn at<L: Lanes>(&self, i: usize) {
        // SAFETY: i lies within the row.
        unsafe {
            let sum = L::load(self.a.add(i)).add(L::load(self.b.add(i)));
            let y = if RELU { sum.zero_below(L::zero()) } else { sum };
            y.store(self.y.add(i));
        }
    }
}

/// # Safety
/// As for the reference.
pub unsafe fn forward<L: Lanes>(args: &AddForward, task: &Task) {
    for span in spans(task, args.pixels, args.channels, &[args.a_stride, args.b_stride, args.y_stride]) {
        // SAFETY: the span lies within the tensors.
        unsafe {
            let (a, b) = (span.at(args.a, args.a_stride), span.at(args.b, args.b_stride));
            let y = span.at_mut(args.y, args.y_stride);
            match args.relu {
                0 => along::<L>(&Sum::<false> { a, b, y }, span.len),
                _ => along::<L>(&Sum::<true> { a, b, y }, span.len),
            }
        }
    }
}
