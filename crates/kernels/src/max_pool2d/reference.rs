//! The definition, element by element. Chunks share the images.

use super::{MaxPool2dBackward, MaxPool2dForward, MaxPool2dGeometry};
use crate::abi::Task;
use crate::pixels::Pixels;

impl MaxPool2dGeometry {
    fn pixels(&self) -> u32 {
        self.images * self.height * self.width
    }
    fn windows(&self) -> u32 {
        self.images * self.out_height * self.out_width
    }
    /// The pixels `h·width + w` of an image that a window takes, in row-major order.
    fn taken(&self, oh: usize, ow: usize) -> impl Iterator<Item = usize> {
        let g = *self;
        let taps = (0..g.kernel_height).flat_map(move |kh| (0..g.kernel_width).map(move |kw| (kh, kw)));
        taps.filter_map(move |(kh, kw)| {
            let h = (oh as u32 * g.stride_height + kh * g.dilation_height).checked_sub(g.pad_top)?;
            let w = (ow as u32 * g.stride_width + kw * g.dilation_width).checked_sub(g.pad_left)?;
            (h < g.height && w < g.width).then_some((h * g.width + w) as usize)
        })
    }
}

/// # Safety
/// `x` covers `images·height·width` pixels, `y` and `index` those of the output.
pub unsafe fn forward(a: &MaxPool2dForward, task: &Task) {
    let g = &a.geometry;
    let [image, out_h, out_w] = [g.height * g.width, g.out_height, g.out_width].map(|v| v as usize);
    // SAFETY: as above.
    let (x, y, index) = unsafe {
        (
            Pixels::new(a.x, a.x_stride, g.pixels(), g.channels),
            Pixels::new(a.y, a.y_stride, g.windows(), g.channels),
            Pixels::new(a.index, a.index_stride, g.windows(), g.channels),
        )
    };
    for n in task.range(g.images) {
        for (oh, ow) in (0..out_h).flat_map(|oh| (0..out_w).map(move |ow| (oh, ow))) {
            for c in 0..g.channels as usize {
                let (mut best, mut place) = (f64::NEG_INFINITY, None);
                for pixel in g.taken(oh, ow) {
                    let value = x.at(n * image + pixel, c);
                    if value > best || value.is_nan() || place.is_none() {
                        (best, place) = (value, Some(pixel));
                    }
                }
                let window = (n * out_h + oh) * out_w + ow;
                y.set(window, c, best);
                index.set(window, c, place.map_or(-1, |pixel| pixel as i32));
            }
        }
    }
}

/// # Safety
/// `dx` covers `images·height·width` pixels, `dy` and `index` those of the output.
pub unsafe fn backward(a: &MaxPool2dBackward, task: &Task) {
    let g = &a.geometry;
    let (image, windows) = ((g.height * g.width) as usize, (g.out_height * g.out_width) as usize);
    // SAFETY: as above.
    let (dy, index, dx) = unsafe {
        (
            Pixels::new(a.dy, a.dy_stride, g.windows(), g.channels),
            Pixels::new(a.index, a.index_stride, g.windows(), g.channels),
            Pixels::new(a.dx, a.dx_stride, g.pixels(), g.channels),
        )
    };
    for n in task.range(g.images) {
        for c in 0..g.channels as usize {
            (n * image..(n + 1) * image).for_each(|pixel| dx.set(pixel, c, 0.0));
            for window in n * windows..(n + 1) * windows {
                let place = index.at(window, c);
                if place >= 0 {
                    let pixel = n * image + place as usize;
                    dx.set(pixel, c, dx.at(pixel, c) + dy.at(window, c));
                }
            }
        }
    }
}
