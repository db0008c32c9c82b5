//! The definition, element by element. Chunks share the images.

use super::AvgPool2d;
use crate::abi::Task;

/// Calls `visit(divisor, pixel of x)` for each pixel that the window takes.
fn window(a: &AvgPool2d, [n, oh, ow]: [usize; 3], mut visit: impl FnMut(f64, usize)) {
    let [top, left] = [oh as u32 * a.stride_height, ow as u32 * a.stride_width];
    let bottom = (top + a.kernel_height).min(a.pad_top + a.height + a.pad_bottom);
    let right = (left + a.kernel_width).min(a.pad_left + a.width + a.pad_right);
    let inside =
        |h: u32, w: u32| (a.pad_top..a.pad_top + a.height).contains(&h) && (a.pad_left..a.pad_left + a.width).contains(&w);
    let taken = || (top..bottom).flat_map(|h| (left..right).map(move |w| (h, w)));
    let divisor = taken().filter(|&(h, w)| a.count_padding != 0 || inside(h, w)).count();
    for (h, w) in taken().filter(|&(h, w)| inside(h, w)) {
        let (h, w) = ((h - a.pad_top) as usize, (w - a.pad_left) as usize);
        visit(divisor as f64, (n * a.height as usize + h) * a.width as usize + w);
    }
}

fn windows(a: &AvgPool2d, n: usize) -> impl Iterator<Item = ([usize; 3], usize)> {
    let (height, width) = (a.out_height as usize, a.out_width as usize);
    (0..height * width).map(move |i| ([n, i / width, i % width], n * height * width + i))
}

/// # Safety
/// `from` covers `images·height·width` pixels, `to` those of the output.
pub unsafe fn forward(a: &AvgPool2d, task: &Task) {
    for (place, out) in task.range(a.images).flat_map(|n| windows(a, n)) {
        for c in 0..a.channels as usize {
            let mut mean = 0.0;
            // SAFETY: pixels and c are in range.
            unsafe {
                window(a, place, |divisor, pixel| mean += *a.from.add(pixel * a.from_stride as usize + c) as f64 / divisor);
                *a.to.add(out * a.to_stride as usize + c) = mean as f32;
            }
        }
    }
}

/// # Safety
/// `to` covers `images·height·width` pixels, `from` those of the output.
pub unsafe fn backward(a: &AvgPool2d, task: &Task) {
    let pixels = (a.height * a.width) as usize;
    for n in task.range(a.images) {
        for c in 0..a.channels as usize {
            // SAFETY: pixels and c are in range.
            unsafe {
                let dx = |pixel: usize| a.to.add(pixel * a.to_stride as usize + c);
                (n * pixels..(n + 1) * pixels).for_each(|pixel| *dx(pixel) = 0.0);
                for (place, out) in windows(a, n) {
                    let dy = *a.from.add(out * a.from_stride as usize + c) as f64;
                    window(a, place, |divisor, pixel| *dx(pixel) += (dy / divisor) as f32);
                }
            }
        }
    }
}
