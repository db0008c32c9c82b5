//! Columns of channels: a window at a time forward, a pixel at a time backward. Chunks share the rows of pixels.

use super::Problem;
use crate::abi::Task;
use crate::lanes::Lanes;
use crate::loops::{Column, across, load_all, store_all, touch_columns};
use crate::window::Axis;
use core::ops::Range;

struct Window {
    x: *const f32,
    stride: usize,
    width: usize,
    rows: Range<usize>,
    columns: Range<usize>,
    factor: f32,
    y: *mut f32,
}

impl Column for Window {
    #[inline(always)]
    unsafe fn down<L: Lanes, const V: usize>(&self, c: usize) {
        let mut sum = [L::zero(); V];
        // SAFETY: the window lies within the image.
        unsafe {
            for h in self.rows.clone() {
                let mut row = [L::zero(); V];
                for w in self.columns.clone() {
                    let x: [L; V] = load_all(self.x.add((h * self.width + w) * self.stride + c));
                    row = core::array::from_fn(|v| row[v].add(x[v]));
                }
                sum = core::array::from_fn(|v| sum[v].add(row[v]));
            }
            store_all(sum.map(|s| s.mul(L::splat(self.factor))), self.y.add(c));
        }
    }
}

/// # Safety
/// `from` covers the pixels of the images, `to` those of the output.
#[inline(never)]
pub unsafe fn forward<L: Lanes, A: Axis>(a: &Problem<A>, task: &Task) {
    let (height, width) = (a.vertical.windows(), a.horizontal.windows());
    let image = a.vertical.size() * a.horizontal.size();
    for row in task.range(a.images * height as u32) {
        let (n, oh) = (row / height, row % height);
        let rows = a.vertical.pixels(oh);
        // SAFETY: the rows lie within the image.
        unsafe {
            let first = n * image + rows.start * a.horizontal.size();
            touch_columns(a.from.add(first * a.from_stride), a.from_stride, rows.len() * a.horizontal.size(), a.channels);
        }
        for ow in 0..width {
            let divisor = a.vertical.divisor(oh) * a.horizontal.divisor(ow);
            // SAFETY: the pixel lies within the output, its window within the image.
            unsafe {
                let window = Window {
                    x: a.from.add(n * image * a.from_stride),
                    stride: a.from_stride,
                    width: a.horizontal.size(),
                    rows: rows.clone(),
                    columns: a.horizontal.pixels(ow),
                    factor: 1.0 / divisor as f32,
                    y: a.to.add((row * width + ow) * a.to_stride),
                };
                across::<L, 4>(&window, 0..a.channels);
            }
        }
    }
}

struct Pixel<A> {
    dy: *const f32,
    stride: usize,
    vertical: A,
    horizontal: A,
    rows: Range<usize>,
    columns: Range<usize>,
    dx: *mut f32,
}

impl<A: Axis> Column for Pixel<A> {
    #[inline(always)]
    unsafe fn down<L: Lanes, const V: usize>(&self, c: usize) {
        let mut sum = [L::zero(); V];
        // SAFETY: the windows lie within the output.
        unsafe {
            for oh in self.rows.clone() {
                for ow in self.columns.clone() {
                    let divisor = self.vertical.divisor(oh) * self.horizontal.divisor(ow);
                    let factor = L::splat(1.0 / divisor as f32);
                    let dy: [L; V] = load_all(self.dy.add((oh * self.horizontal.windows() + ow) * self.stride + c));
                    sum = core::array::from_fn(|v| sum[v].madd(dy[v], factor));
                }
            }
            store_all(sum, self.dx.add(c));
        }
    }
}

/// # Safety
/// `to` covers the pixels of the images, `from` those of the output.
#[inline(never)]
pub unsafe fn backward<L: Lanes, A: Axis>(a: &Problem<A>, task: &Task) {
    let (height, width) = (a.vertical.size(), a.horizontal.size());
    let image = a.vertical.windows() * a.horizontal.windows();
    for row in task.range(a.images * height as u32) {
        let (n, h) = (row / height, row % height);
        let rows = a.vertical.over(h);
        // SAFETY: the rows lie within the output.
        unsafe {
            let first = n * image + rows.start * a.horizontal.windows();
            touch_columns(a.from.add(first * a.from_stride), a.from_stride, rows.len() * a.horizontal.windows(), a.channels);
        }
        for w in 0..width {
            // SAFETY: the pixel lies within the image, its windows within the output.
            unsafe {
                let pixel = Pixel {
                    dy: a.from.add(n * image * a.from_stride),
                    stride: a.from_stride,
                    vertical: a.vertical,
                    horizontal: a.horizontal,
                    rows: rows.clone(),
                    columns: a.horizontal.over(w),
                    dx: a.to.add((row * width + w) * a.to_stride),
                };
                across::<L, 4>(&pixel, 0..a.channels);
            }
        }
    }
}
