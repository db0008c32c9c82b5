//! Columns of channels: a window at a time forward, a pixel at a time backward. Chunks share the rows of pixels.

use super::{MaxPool2dBackward, MaxPool2dForward};
use crate::abi::Task;
use crate::lanes::Lanes;
use crate::loops::{Column, across, touch_columns};
use crate::window::Axis;
use core::ops::Range;

struct Window {
    x: *const f32,
    stride: usize,
    width: usize,
    rows: Range<usize>,
    row_step: usize,
    columns: Range<usize>,
    column_step: usize,
    y: *mut f32,
    index: *mut f32,
}

impl Column for Window {
    #[inline(always)]
    unsafe fn down<L: Lanes, const V: usize>(&self, c: usize) {
        let empty = self.rows.is_empty() || self.columns.is_empty();
        let first = if empty { u32::MAX } else { (self.rows.start * self.width + self.columns.start) as u32 };
        let mut best = [(L::splat(f32::NEG_INFINITY), L::of_bits(first)); V];
        // SAFETY: the window lies within the image.
        unsafe {
            for h in self.rows.clone().step_by(self.row_step) {
                for w in self.columns.clone().step_by(self.column_step) {
                    let pixel = h * self.width + w;
                    let x = self.x.add(pixel * self.stride + c);
                    let place = L::of_bits(pixel as u32);
                    best = core::array::from_fn(|v| L::replace_if_greater(best[v], L::load(x.add(v * L::WIDTH)), place));
                }
            }
            for v in 0..V {
                best[v].0.store(self.y.add(c + v * L::WIDTH));
                best[v].1.store(self.index.add(c + v * L::WIDTH));
            }
        }
    }
}

/// # Safety
/// As for the reference.
#[inline(never)]
pub unsafe fn forward<L: Lanes>(a: &MaxPool2dForward, task: &Task) {
    let [vertical, horizontal] = a.geometry.axes();
    let (out_height, out_width) = (a.geometry.out_height as usize, a.geometry.out_width as usize);
    for row in task.range(a.geometry.images * a.geometry.out_height) {
        let (n, oh) = (row / out_height, row % out_height);
        let rows = vertical.pixels(oh);
        // SAFETY: the rows lie within the image.
        unsafe {
            let first = (n * vertical.size() + rows.start) * horizontal.size();
            let x = a.x.add(first * a.x_stride as usize);
            touch_columns(x, a.x_stride as usize, rows.len() * horizontal.size(), a.geometry.channels as usize);
        }
        for ow in 0..out_width {
            let pixel = row * out_width + ow;
            // SAFETY: the pixel lies within the output, its window within the image.
            unsafe {
                let window = Window {
                    x: a.x.add(n * vertical.size() * horizontal.size() * a.x_stride as usize),
                    stride: a.x_stride as usize,
                    width: horizontal.size(),
                    rows: rows.clone(),
                    row_step: vertical.step(),
                    columns: horizontal.pixels(ow),
                    column_step: horizontal.step(),
                    y: a.y.add(pixel * a.y_stride as usize),
                    index: a.index.add(pixel * a.index_stride as usize).cast(),
                };
                across::<L, 4>(&window, 0..a.geometry.channels as usize);
            }
        }
    }
}

struct Pixel {
    place: u32,
    dy: *const f32,
    dy_stride: usize,
    index: *const f32,
    index_stride: usize,
    width: usize,
    rows: Range<usize>,
    columns: Range<usize>,
    dx: *mut f32,
}

impl Column for Pixel {
    #[inline(always)]
    unsafe fn down<L: Lanes, const V: usize>(&self, c: usize) {
        let place = L::of_bits(self.place);
        let mut sum = [L::zero(); V];
        // SAFETY: the windows lie within the output.
        unsafe {
            for oh in self.rows.clone() {
                for ow in self.columns.clone() {
                    let window = oh * self.width + ow;
                    let dy = self.dy.add(window * self.dy_stride + c);
                    let index = self.index.add(window * self.index_stride + c);
                    sum = core::array::from_fn(|v| {
                        let (d, i) = (L::load(dy.add(v * L::WIDTH)), L::load(index.add(v * L::WIDTH)));
                        sum[v].add(d.keep_where_same(i, place))
                    });
                }
            }
            for v in 0..V {
                sum[v].store(self.dx.add(c + v * L::WIDTH));
            }
        }
    }
}

/// # Safety
/// As for the reference.
#[inline(never)]
pub unsafe fn backward<L: Lanes>(a: &MaxPool2dBackward, task: &Task) {
    let [vertical, horizontal] = a.geometry.axes();
    let (height, width) = (a.geometry.height as usize, a.geometry.width as usize);
    for row in task.range(a.geometry.images * a.geometry.height) {
        let (n, h) = (row / height, row % height);
        let first = n * vertical.windows() * horizontal.windows();
        let rows = vertical.over(h);
        // SAFETY: the rows lie within the output.
        unsafe {
            let (start, pixels) = (first + rows.start * horizontal.windows(), rows.len() * horizontal.windows());
            touch_columns(a.dy.add(start * a.dy_stride as usize), a.dy_stride as usize, pixels, a.geometry.channels as usize);
            let index = a.index.add(start * a.index_stride as usize).cast();
            touch_columns(index, a.index_stride as usize, pixels, a.geometry.channels as usize);
        }
        for w in 0..width {
            // SAFETY: the pixel lies within the image, its windows within the output.
            unsafe {
                let pixel = Pixel {
                    place: (h * width + w) as u32,
                    dy: a.dy.add(first * a.dy_stride as usize),
                    dy_stride: a.dy_stride as usize,
                    index: a.index.add(first * a.index_stride as usize).cast(),
                    index_stride: a.index_stride as usize,
                    width: horizontal.windows(),
                    rows: rows.clone(),
                    columns: horizontal.over(w),
                    dx: a.dx.add((row * width + w) * a.dx_stride as usize),
                };
                across::<L, 4>(&pixel, 0..a.geometry.channels as usize);
            }
        }
    }
}
