//! Rows of channels, copied or filled with zeros. Chunks share the rows of pixels.

use super::{SubsamplePadBackward, SubsamplePadForward};
use crate::abi::Task;
use crate::copy::simd::{copy_row, fill_row};
use crate::lanes::Lanes;

/// # Safety
/// As for the reference.
pub unsafe fn forward<L: Lanes>(a: &SubsamplePadForward, task: &Task) {
    let (out_height, out_width) = (a.height.div_ceil(a.stride), a.width.div_ceil(a.stride));
    let (before, channels) = (a.before as usize, a.channels as usize);
    for row in task.range(a.images * out_height) {
        let (n, oh) = (row / out_height as usize, row % out_height as usize);
        let first = (n * a.height as usize + oh * a.stride as usize) * a.width as usize;
        for ow in 0..out_width as usize {
            // SAFETY: the pixels lie within x and y.
            unsafe {
                let x = a.x.add((first + ow * a.stride as usize) * a.x_stride as usize);
                let y = a.y.add((row * out_width as usize + ow) * a.y_stride as usize);
                fill_row::<L>(0.0, y, before);
                copy_row::<L>(x, y.add(before), channels);
                fill_row::<L>(0.0, y.add(before + channels), a.after as usize);
            }
        }
    }
}

/// # Safety
/// As for the reference.
pub unsafe fn backward<L: Lanes>(a: &SubsamplePadBackward, task: &Task) {
    let (out_height, out_width) = (a.height.div_ceil(a.stride), a.width.div_ceil(a.stride));
    let (stride, channels) = (a.stride as usize, a.channels as usize);
    for row in task.range(a.images * a.height) {
        let (n, h) = (row / a.height as usize, row % a.height as usize);
        let first = (n * out_height as usize + h / stride) * out_width as usize;
        for w in 0..a.width as usize {
            // SAFETY: the pixels lie within dx and dy.
            unsafe {
                let dx = a.dx.add((row * a.width as usize + w) * a.dx_stride as usize);
                if h % stride == 0 && w % stride == 0 {
                    let dy = a.dy.add((first + w / stride) * a.dy_stride as usize);
                    copy_row::<L>(dy.add(a.before as usize), dx, channels);
                } else {
                    fill_row::<L>(0.0, dx, channels);
                }
            }
        }
    }
}
