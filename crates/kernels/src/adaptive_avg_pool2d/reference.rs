//! The definition, element by element. Chunks share the images.

use super::AdaptiveAvgPool2d;
use crate::abi::Task;

/// Calls `visit(number of pixels, pixel of x)` for each pixel of window i of image n.
fn window(a: &AdaptiveAvgPool2d, n: usize, i: u32, mut visit: impl FnMut(f64, usize)) {
    let (oh, ow) = (i / a.out_width, i % a.out_width);
    let rows = oh * a.height / a.out_height..((oh + 1) * a.height).div_ceil(a.out_height);
    let columns = ow * a.width / a.out_width..((ow + 1) * a.width).div_ceil(a.out_width);
    for h in rows.clone() {
        for w in columns.clone() {
            let pixel = (n * a.height as usize + h as usize) * a.width as usize + w as usize;
            visit((rows.len() * columns.len()) as f64, pixel);
        }
    }
}

/// # Safety
/// `from` covers `images·height·width` pixels, `to` those of the output.
pub unsafe fn forward(a: &AdaptiveAvgPool2d, task: &Task) {
    let windows = a.out_height * a.out_width;
    for (n, i) in task.range(a.images).flat_map(|n| (0..windows).map(move |i| (n, i))) {
        for c in 0..a.channels as usize {
            let mut mean = 0.0;
            // SAFETY: pixels and c are in range.
            unsafe {
                window(a, n, i, |count, pixel| mean += *a.from.add(pixel * a.from_stride as usize + c) as f64 / count);
                *a.to.add((n * windows as usize + i as usize) * a.to_stride as usize + c) = mean as f32;
            }
        }
    }
}

/// # Safety
/// `to` covers `images·height·width` pixels, `from` those of the output.
pub unsafe fn backward(a: &AdaptiveAvgPool2d, task: &Task) {
    let (pixels, windows) = ((a.height * a.width) as usize, a.out_height * a.out_width);
    for n in task.range(a.images) {
        for c in 0..a.channels as usize {
            // SAFETY: pixels and c are in range.
            unsafe {
                let dx = |pixel: usize| a.to.add(pixel * a.to_stride as usize + c);
                (n * pixels..(n + 1) * pixels).for_each(|pixel| *dx(pixel) = 0.0);
                for i in 0..windows {
                    let dy = *a.from.add((n * windows as usize + i as usize) * a.from_stride as usize + c) as f64;
                    window(a, n, i, |count, pixel| *dx(pixel) += (dy / count) as f32);
                }
            }
        }
    }
}
