//! Rows of lanes.

use super::{ReluBackward, ReluForward};
use crate::abi::Task;
use crate::lanes::Lanes;
use crate::loops::{Row, along, spans};

struct Clipped {
    x: *const f32,
    y: *mut f32,
}

impl Row for Clipped {
    #[inline(always)]
    unsafe fn at<L: Lanes>(&self, i: usize) {
        // SAFETY: i lies within the row.
        unsafe { L::load(self.x.add(i)).zero_below(L::zero()).store(self.y.add(i)) }
    }
}

struct Gradient {
    dy: *const f32,
    y: *const f32,
    dx: *mut f32,
}

impl Row for Gradient {
    #[inline(always)]
    unsafe fn at<L: Lanes>(&self, i: usize) {
        // SAFETY: i lies within the row.
        unsafe { L::load(self.dy.add(i)).keep_where_positive(L::load(self.y.add(i))).store(self.dx.add(i)) }
    }
}

/// # Safety
/// As for the reference.
pub unsafe fn forward<L: Lanes>(a: &ReluForward, task: &Task) {
    for span in spans(task, a.pixels, a.channels, &[a.x_stride, a.y_stride]) {
        // SAFETY: the span lies within the tensors.
        unsafe { along::<L>(&Clipped { x: span.at(a.x, a.x_stride), y: span.at_mut(a.y, a.y_stride) }, span.len) };
    }
}

/// # Safety
/// As for the reference.
pub unsafe fn backward<L: Lanes>(a: &ReluBackward, task: &Task) {
    for span in spans(task, a.pixels, a.channels, &[a.dy_stride, a.y_stride, a.dx_stride]) {
        // SAFETY: the span lies within the tensors.
        unsafe {
            let (dy, y) = (span.at(a.dy, a.dy_stride), span.at(a.y, a.y_stride));
            along::<L>(&Gradient { dy, y, dx: span.at_mut(a.dx, a.dx_stride) }, span.len);
        }
    }
}
