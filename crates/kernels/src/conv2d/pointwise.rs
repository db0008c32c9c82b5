//! Windows that never leave the image: pixels of x are rows of A where they lie, at any stride.

use super::Conv2dForward;
use super::implicit_gemm::{Scratch, each_unit, multiply_unit};
use super::units::{Steps, Window, pixel_table, tap_offsets};
use crate::abi::Task;
use crate::lanes::Lanes;

/// # Safety
/// Pointers cover the tensors; no window reads outside the image; scratch holds taps and two tables of a unit's pixels.
#[inline(never)]
pub unsafe fn forward<L: Lanes>(a: &Conv2dForward, task: &Task) {
    let w = Window::from(a);
    let steps = Steps {
        image: 4 * w.height * w.width * w.x_stride,
        row: 4 * w.stride[0] * w.width * w.x_stride,
        column: 4 * w.stride[1] * w.x_stride,
    };
    // SAFETY: the unit's first window starts in the image, as the caller vouches.
    unsafe {
        let scratch = Scratch::new(&w, task);
        tap_offsets(&w, w.width, w.x_stride, scratch.taps);
        each_unit(a, &w, task, |unit, group, first, end| {
            pixel_table(&w, &unit, steps, scratch.in_offsets);
            let y = (unit.row * w.stride[0]).wrapping_add_signed(-w.pad[0]);
            let x = 0usize.wrapping_add_signed(-w.pad[1]);
            let pixel = (unit.image * w.height + y) * w.width + x;
            // Without taps nothing is read, and the window may start anywhere.
            let base = w.x.wrapping_add(pixel * w.x_stride + group * w.depth);
            multiply_unit::<L>(a, &w, &scratch, base, &unit, group, first, end);
        });
    }
}
