//! The definition, element by element. Elements are bits, whatever they mean.

use super::{CopyFill, CopyForward};
use crate::abi::Task;
use crate::pixels::{Pixels, each};

/// # Safety
/// Pointers cover `pixels` rows at their strides.
pub unsafe fn forward(a: &CopyForward, task: &Task) {
    let CopyForward { pixels, channels, .. } = *a;
    // SAFETY: as above.
    let [x, y] = unsafe {
        [Pixels::<u32>::new(a.x.cast(), a.x_stride, pixels, channels), Pixels::new(a.y.cast(), a.y_stride, pixels, channels)]
    };
    for (p, c) in each(task, pixels, channels) {
        y.set(p, c, x.at(p, c));
    }
}

/// # Safety
/// The pointer covers `pixels` rows at its stride.
pub unsafe fn fill(a: &CopyFill, task: &Task) {
    // SAFETY: as above.
    let y = unsafe { Pixels::<u32>::new(a.y.cast(), a.y_stride, a.pixels, a.channels) };
    for (p, c) in each(task, a.pixels, a.channels) {
        y.set(p, c, a.value.to_bits());
    }
}
