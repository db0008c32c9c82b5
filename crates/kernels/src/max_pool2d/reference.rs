//! The definition, element by element. Chunks share the images.

use super::{MaxPool2dBackward, MaxPool2dForward};
use crate::abi::Task;

/// # Safety
/// `x` covers `images·height·width` pixels, `y` and `index` those of the output.
pub unsafe fn forward(a: &MaxPool2dForward, task: &Task) {
    let [height, width, out_h, out_w] =
        [a.geometry.height, a.geometry.width, a.geometry.out_height, a.geometry.out_width].map(|v| v as usize);
    for n in task.range(a.geometry.images) {
        for (oh, ow) in (0..out_h).flat_map(|oh| (0..out_w).map(move |ow| (oh, ow))) {
            for c in 0..a.geometry.channels as usize {
                let (mut best, mut place) = (f32::NEG_INFINITY, -1);
                for (kh, kw) in (0..a.geometry.kernel_height).flat_map(|kh| (0..a.geometry.kernel_width).map(move |kw| (kh, kw)))
                {
                    let h = (oh as u32 * a.geometry.stride_height + kh * a.geometry.dilation_height)
                        .wrapping_sub(a.geometry.pad_top) as usize;
                    let w = (ow as u32 * a.geometry.stride_width + kw * a.geometry.dilation_width)
                        .wrapping_sub(a.geometry.pad_left) as usize;
                    if h >= height || w >= width {
                        continue;
                    }
                    // SAFETY: h and w are in range.
                    let x = unsafe { *a.x.add(((n * height + h) * width + w) * a.x_stride as usize + c) };
                    if x > best || x.is_nan() || place < 0 {
                        (best, place) = (x, (h * width + w) as i32);
                    }
                }
                let pixel = (n * out_h + oh) * out_w + ow;
                // SAFETY: pixel and c are in range.
                unsafe {
                    *a.y.add(pixel * a.y_stride as usize + c) = best;
                    *a.index.add(pixel * a.index_stride as usize + c) = place;
                }
            }
        }
    }
}

/// # Safety
/// `dx` covers `images·height·width` pixels, `dy` and `index` those of the output.
pub unsafe fn backward(a: &MaxPool2dBackward, task: &Task) {
    let (pixels, windows) =
        ((a.geometry.height * a.geometry.width) as usize, (a.geometry.out_height * a.geometry.out_width) as usize);
    for n in task.range(a.geometry.images) {
        for c in 0..a.geometry.channels as usize {
            // SAFETY: pixels, windows and c are in range; index holds pixels of the image or -1.
            unsafe {
                let dx = |pixel: usize| a.dx.add((n * pixels + pixel) * a.dx_stride as usize + c);
                (0..pixels).for_each(|pixel| *dx(pixel) = 0.0);
                for window in n * windows..(n + 1) * windows {
                    let place = *a.index.add(window * a.index_stride as usize + c);
                    if place >= 0 {
                        *dx(place as usize) += *a.dy.add(window * a.dy_stride as usize + c);
                    }
                }
            }
        }
    }
}
