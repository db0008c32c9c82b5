//! Windows that never leave the image: pixels of x are rows of A where they lie, at any stride.

use super::Conv2dForward;
use super::implicit_gemm::{Scratch, each_unit, multiply_unit};
use super::units::{Layout, Window, pixel_table, tap_offsets};
use crate::abi::Task;
use crate::lanes::Lanes;
use crate::loops::touch;

/// # Safety
/// Pointers cover the tensors; there is no padding, or no taps; scratch holds taps and two tables of a unit's pixels.
#[inline(never)]
pub unsafe fn forward<L: Lanes>(a: &Conv2dForward, task: &Task) {
    let w = Window::from(a);
    let layout = Layout::in_place(&w);
    // SAFETY: windows lie in the image, as the caller vouches; without taps nothing is read.
    unsafe {
        let scratch = Scratch::new(&w, task);
        tap_offsets(&w, &layout, scratch.taps);
        each_unit(a, &w, task, |unit, group, first, end| {
            pixel_table(&w, &unit, layout.steps(&w), scratch.in_offsets);
            let offset = unit.image * layout.image + unit.row * w.stride[0] * layout.row + group * w.depth;
            let x = w.x.wrapping_add(offset);
            if w.stride == [1, 1] {
                // A cache has them then for all panels.
                for image in 0..unit.images {
                    touch(x.add(image * layout.image), w.x_stride, unit.rows * w.width, w.depth);
                }
            }
            multiply_unit::<L>(a, &w, &scratch, x, &unit, group, first, end);
        });
    }
}
