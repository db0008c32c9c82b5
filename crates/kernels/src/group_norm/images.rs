//! Batch norm's passes over pixels, an image at a time. Chunks share the pixels of all images, or their parts.

use super::{GroupNormApply, GroupNormBackwardApply, GroupNormBackwardPartials, part_of};
use crate::abi::Task;
use crate::batch_norm::simd::affine;
use crate::batch_norm::simd_backward::{EVERYWHERE, gradient_and, sums};
use crate::batch_norm::{BatchNormApply, BatchNormBackwardApply, BatchNormBackwardPartials};
use crate::lanes::Lanes;
use core::ops::Range;
use core::ptr::null;

/// A chunk that is all there is.
const WHOLE: Task = Task::whole(core::ptr::null_mut());

/// Each image that a chunk has pixels of, and which pixels of all images these are.
fn images(task: &Task, images: u32, pixels: u32) -> impl Iterator<Item = (usize, Range<usize>)> {
    let (range, pixels) = (task.range(images * pixels), pixels as usize);
    let mut first = range.start;
    core::iter::from_fn(move || {
        (first < range.end).then(|| {
            let image = first / pixels;
            let own = first..range.end.min((image + 1) * pixels);
            first = own.end;
            (image, own)
        })
    })
}

/// # Safety
/// Tensors cover their pixels at their strides, mean and scale `[images, channels]`, beta `channels`.
#[inline(never)]
pub unsafe fn apply<L: Lanes>(a: &GroupNormApply, task: &Task) {
    let channels = a.channels as usize;
    for (image, pixels) in images(task, a.images, a.pixels) {
        // SAFETY: the pixels lie within the tensors.
        unsafe {
            let args = BatchNormApply {
                x: a.x.add(pixels.start * a.x_stride as usize),
                x_stride: a.x_stride,
                mean: a.mean.add(image * channels),
                scale: a.scale.add(image * channels),
                beta: a.beta,
                y: a.y.add(pixels.start * a.y_stride as usize),
                y_stride: a.y_stride,
                pixels: pixels.len() as u32,
                channels: a.channels,
                relu: 0,
            };
            affine::<L, false>(&args, &WHOLE);
        }
    }
}

/// # Safety
/// Tensors cover their pixels at their strides, mean `[images, channels]`, partials `images·parts` rows of `2·channels`.
#[inline(never)]
pub unsafe fn backward_partials<L: Lanes>(a: &GroupNormBackwardPartials, task: &Task) {
    let (channels, parts) = (a.channels as usize, a.parts as usize);
    for item in task.range(a.images * a.parts) {
        let (image, part) = (item / parts, part_of(a.pixels, a.parts, item % parts));
        let first = image * a.pixels as usize + part.start;
        // SAFETY: the pixels lie within the tensors.
        unsafe {
            let args = BatchNormBackwardPartials {
                dy: a.dy.add(first * a.dy_stride as usize),
                dy_stride: a.dy_stride,
                x: a.x.add(first * a.x_stride as usize),
                x_stride: a.x_stride,
                y: null(),
                y_stride: 0,
                mean: a.mean.add(image * channels),
                gamma: null(),
                rstd: null(),
                beta: null(),
                pixels: part.len() as u32,
                channels: a.channels,
                partials: a.partials.add(2 * item * channels),
            };
            sums::<L, EVERYWHERE>(&args, &WHOLE);
        }
    }
}

/// # Safety
/// Tensors cover their pixels at their strides, mean `[images, channels]`, factors `[images, 3, channels]`.
#[inline(never)]
pub unsafe fn backward_apply<L: Lanes>(a: &GroupNormBackwardApply, task: &Task) {
    let channels = a.channels as usize;
    for (image, pixels) in images(task, a.images, a.pixels) {
        // SAFETY: the pixels lie within the tensors.
        unsafe {
            let args = BatchNormBackwardApply {
                dy: a.dy.add(pixels.start * a.dy_stride as usize),
                dy_stride: a.dy_stride,
                x: a.x.add(pixels.start * a.x_stride as usize),
                x_stride: a.x_stride,
                y: null(),
                y_stride: 0,
                mean: a.mean.add(image * channels),
                beta: null(),
                factors: a.factors.add(3 * image * channels),
                factors_stride: a.channels,
                residual: null(),
                residual_stride: 0,
                dx: a.dx.add(pixels.start * a.dx_stride as usize),
                dx_stride: a.dx_stride,
                pixels: pixels.len() as u32,
                channels: a.channels,
            };
            gradient_and::<L, EVERYWHERE, false>(&args, &WHOLE);
        }
    }
}
