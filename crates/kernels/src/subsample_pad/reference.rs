//! The definition, element by element. Chunks share the images.

use super::{SubsamplePadBackward, SubsamplePadForward};
use crate::abi::Task;
use crate::pixels::Pixels;

/// # Safety
/// `x` covers `images·height·width` pixels, `y` those that remain.
pub unsafe fn forward(a: &SubsamplePadForward, task: &Task) {
    let (out_height, out_width) = (a.height.div_ceil(a.stride), a.width.div_ceil(a.stride));
    let [h, w, out_h, out_w, stride, before, channels] =
        [a.height, a.width, out_height, out_width, a.stride, a.before, a.channels].map(|v| v as usize);
    let out_channels = a.before + a.channels + a.after;
    // SAFETY: as above.
    let [x, y] = unsafe {
        [
            Pixels::new(a.x, a.x_stride, a.images * a.height * a.width, a.channels),
            Pixels::new(a.y, a.y_stride, a.images * out_height * out_width, out_channels),
        ]
    };
    for n in task.range(a.images) {
        for (oh, ow) in (0..out_h).flat_map(|oh| (0..out_w).map(move |ow| (oh, ow))) {
            let pixel = (n * h + oh * stride) * w + ow * stride;
            for c in 0..out_channels as usize {
                let inside = (before..before + channels).contains(&c);
                y.set((n * out_h + oh) * out_w + ow, c, if inside { x.at(pixel, c - before) } else { 0.0 });
            }
        }
    }
}

/// # Safety
/// As for [`forward`].
pub unsafe fn backward(a: &SubsamplePadBackward, task: &Task) {
    let (out_height, out_width) = (a.height.div_ceil(a.stride), a.width.div_ceil(a.stride));
    let [height, width, out_h, out_w, stride] = [a.height, a.width, out_height, out_width, a.stride].map(|v| v as usize);
    // SAFETY: as above.
    let [dy, dx] = unsafe {
        [
            Pixels::new(a.dy, a.dy_stride, a.images * out_height * out_width, a.before + a.channels),
            Pixels::new(a.dx, a.dx_stride, a.images * a.height * a.width, a.channels),
        ]
    };
    for n in task.range(a.images) {
        for (h, w) in (0..height).flat_map(|h| (0..width).map(move |w| (h, w))) {
            let taken = h % stride == 0 && w % stride == 0;
            let out = (n * out_h + h / stride) * out_w + w / stride;
            for c in 0..a.channels as usize {
                dx.set((n * height + h) * width + w, c, if taken { dy.at(out, a.before as usize + c) } else { 0.0 });
            }
        }
    }
}
