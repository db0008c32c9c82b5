//! The definition, element by element. Chunks share the images.

use super::{SubsamplePadBackward, SubsamplePadForward};
use crate::abi::Task;

/// # Safety
/// `x` covers `images·height·width` pixels, `y` those that remain.
pub unsafe fn forward(a: &SubsamplePadForward, task: &Task) {
    let [h, w, stride, before, channels] = [a.height, a.width, a.stride, a.before, a.channels].map(|v| v as usize);
    let (out_h, out_w) = (h.div_ceil(stride), w.div_ceil(stride));
    for n in task.range(a.images) {
        for (oh, ow) in (0..out_h).flat_map(|oh| (0..out_w).map(move |ow| (oh, ow))) {
            for c in 0..before + channels + a.after as usize {
                // SAFETY: pixels and channels are in range.
                unsafe {
                    let x = a.x.add(((n * h + oh * stride) * w + ow * stride) * a.x_stride as usize);
                    let inside = (before..before + channels).contains(&c);
                    *a.y.add(((n * out_h + oh) * out_w + ow) * a.y_stride as usize + c) =
                        if inside { *x.add(c - before) } else { 0.0 };
                }
            }
        }
    }
}

/// # Safety
/// As for [`forward`].
pub unsafe fn backward(a: &SubsamplePadBackward, task: &Task) {
    let [height, width, stride] = [a.height, a.width, a.stride].map(|v| v as usize);
    let (out_h, out_w) = (height.div_ceil(stride), width.div_ceil(stride));
    for n in task.range(a.images) {
        for (h, w) in (0..height).flat_map(|h| (0..width).map(move |w| (h, w))) {
            let taken = h % stride == 0 && w % stride == 0;
            for c in 0..a.channels as usize {
                // SAFETY: pixels and channels are in range.
                unsafe {
                    let pixel = (n * out_h + h / stride) * out_w + w / stride;
                    let dy = a.dy.add(pixel * a.dy_stride as usize + a.before as usize + c);
                    *a.dx.add(((n * height + h) * width + w) * a.dx_stride as usize + c) = if taken { *dy } else { 0.0 };
                }
            }
        }
    }
}
