//! Rows of lanes.

use super::{CopyFill, CopyForward};
use crate::abi::Task;
use crate::lanes::Lanes;
use crate::loops::{Row, along, spans};

struct Copy {
    x: *const f32,
    y: *mut f32,
}

impl Row for Copy {
    #[inline(always)]
    unsafe fn at<L: Lanes>(&self, i: usize) {
        // SAFETY: i lies within the row.
        unsafe { L::load(self.x.add(i)).store(self.y.add(i)) }
    }
}

struct Fill {
    value: f32,
    y: *mut f32,
}

impl Row for Fill {
    #[inline(always)]
    unsafe fn at<L: Lanes>(&self, i: usize) {
        // SAFETY: i lies within the row.
        unsafe { L::splat(self.value).store(self.y.add(i)) }
    }
}

/// # Safety
/// `len` floats at `x` and `y`.
#[inline(always)]
pub unsafe fn copy_row<L: Lanes>(x: *const f32, y: *mut f32, len: usize) {
    // SAFETY: the caller vouches for the length.
    unsafe { along::<L>(&Copy { x, y }, len) }
}

/// # Safety
/// `len` floats at `y`.
#[inline(always)]
pub unsafe fn fill_row<L: Lanes>(value: f32, y: *mut f32, len: usize) {
    // SAFETY: the caller vouches for the length.
    unsafe { along::<L>(&Fill { value, y }, len) }
}

/// # Safety
/// As for the reference.
pub unsafe fn forward<L: Lanes>(a: &CopyForward, task: &Task) {
    for span in spans(task, a.pixels, a.channels, &[a.x_stride, a.y_stride]) {
        // SAFETY: the span lies within the tensors.
        unsafe { copy_row::<L>(span.at(a.x, a.x_stride), span.at_mut(a.y, a.y_stride), span.len) };
    }
}

/// # Safety
/// As for the reference.
pub unsafe fn fill<L: Lanes>(a: &CopyFill, task: &Task) {
    for span in spans(task, a.pixels, a.channels, &[a.y_stride]) {
        // SAFETY: the span lies within the tensor.
        unsafe { fill_row::<L>(a.value, span.at_mut(a.y, a.y_stride), span.len) };
    }
}
