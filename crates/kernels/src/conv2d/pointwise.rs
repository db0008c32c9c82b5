//! Windows that never leave the image: pixels of x are rows of A where they lie, at any stride.

use super::Conv2dForward;
use super::implicit_gemm::{Scratch, each_unit, finished, multiply_unit};
use super::units::{Layout, Unit, Window, pixel_table, tap_offsets};
use crate::abi::Task;
use crate::batch_norm::{BatchNormApply, simd};
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
            if w.stride == [1, 1] && w.taps() > 0 {
                // In order, so that a cache has them for all panels.
                for image in 0..unit.images {
                    touch(x.add(image * layout.image), w.x_stride, unit.rows * w.width, w.depth);
                }
            }
            multiply_unit::<L>(a, &w, &scratch, x, &unit, group, first, end);
            finished(a, &w, task, &unit, group, first, end);
        });
    }
}

/// Of `max(beta + (x - mean)·gamma·rstd, 0)`, which is written for the rows of a unit, with the bits of batch norm and ReLU by
/// themselves.
///
/// # Safety
/// As for [`forward`], at stride 1 and with one group; mean, gamma, rstd and beta hold the in channels; scratch holds a value for
/// each, and the rows of a unit, too.
#[inline(never)]
pub unsafe fn forward_of_norm<L: Lanes>(a: &Conv2dForward, task: &Task) {
    let w = Window::from(a);
    let mut written = None;
    // SAFETY: the rows follow the scales in scratch.
    unsafe {
        let scratch = Scratch::new(&w, task);
        let (scale, rows) = (scratch.rows, scratch.rows.add(w.depth));
        for c in 0..w.depth {
            *scale.add(c) = *a.norm.gamma.add(c) * *a.norm.rstd.add(c);
        }
        tap_offsets(&w, &Layout::padded(&w, w.unit_rows, w.depth), scratch.taps);
        each_unit(a, &w, task, |unit, group, first, end| {
            if written != Some(unit) {
                write_normed::<L>(a, &w, &unit, scale, rows);
                pixel_table(&w, &unit, Layout::padded(&w, unit.rows, w.depth).steps(&w), scratch.in_offsets);
                written = Some(unit);
            }
            multiply_unit::<L>(a, &w, &scratch, rows, &unit, group, first, end);
            finished(a, &w, task, &unit, group, first, end);
        });
    }
}

/// # Safety
/// As for [`forward_of_norm`]; `to` takes the unit's pixels.
#[inline(always)]
unsafe fn write_normed<L: Lanes>(a: &Conv2dForward, w: &Window, unit: &Unit, scale: *const f32, to: *mut f32) {
    let pixels = unit.rows * w.width;
    for image in 0..unit.images {
        let first = ((unit.image + image) * w.height + unit.row) * w.width;
        let args = BatchNormApply {
            x: w.x.wrapping_add(first * w.x_stride),
            x_stride: a.x_stride,
            mean: a.norm.mean,
            scale,
            beta: a.norm.beta,
            y: to.wrapping_add(image * pixels * w.depth),
            y_stride: a.geometry.in_channels,
            pixels: pixels as u32,
            channels: a.geometry.in_channels,
            relu: 1,
        };
        // SAFETY: the image has these pixels.
        unsafe { simd::apply::<L>(&args, &Task::whole(to)) };
    }
}
