//! Padded rows of a band are copied once; then pixels are rows of A, taps its depth, and nothing is copied again.

use super::Conv2dForward;
use super::rows::copy_padded;
use super::units::{Layout, Steps, Unit, Window, pixel_table, tap_offsets};
use crate::abi::Task;
use crate::gemm::PANEL;
use crate::gemm::tile::{Activation, Indirect, Output, multiply};
use crate::gemm::tiles::LOWEST;
use crate::lanes::Lanes;

/// # Safety
/// Pointers cover the tensors; scratch holds taps, two tables of a unit's pixels and its padded rows.
#[inline(never)]
pub unsafe fn forward<L: Lanes>(a: &Conv2dForward, task: &Task) {
    let w = Window::from(a);
    let mut copied = None;
    // SAFETY: tables and rows follow each other in scratch.
    unsafe {
        let scratch = Scratch::new(&w, task);
        tap_offsets(&w, &Layout::padded(&w, w.unit_rows, w.depth), scratch.taps);
        each_unit(a, &w, task, |unit, group, first, end| {
            if copied != Some((unit, group)) {
                copy_padded::<L>(&w, &unit, group, w.depth, scratch.rows);
                pixel_table(&w, &unit, Layout::padded(&w, unit.rows, w.depth).steps(&w), scratch.in_offsets);
                copied = Some((unit, group));
            }
            multiply_unit::<L>(a, &w, &scratch, scratch.rows, &unit, group, first, end);
            finished(a, &w, task, &unit, group, first, end);
        });
    }
}

/// A worker's tables, and the rows behind them.
pub struct Scratch {
    pub taps: *mut u32,
    pub in_offsets: *mut u32,
    pub out_pixels: *mut u32,
    pub rows: *mut f32,
}

impl Scratch {
    /// # Safety
    /// Scratch is as large as the tables and rows need.
    pub unsafe fn new(w: &Window, task: &Task) -> Self {
        let pixels = w.unit_pixels().next_multiple_of(LOWEST);
        let taps = task.scratch.cast::<u32>();
        // SAFETY: the caller vouches for scratch.
        unsafe {
            let in_offsets = taps.add(w.taps());
            let out_pixels = in_offsets.add(pixels);
            Self { taps, in_offsets, out_pixels, rows: out_pixels.add(pixels).cast() }
        }
    }
}

/// Calls `work` with the unit, the group and the range of the group's output channels of each of a chunk's units.
#[inline(always)]
pub fn each_unit(a: &Conv2dForward, w: &Window, task: &Task, mut work: impl FnMut(Unit, usize, usize, usize)) {
    let columns = (a.geometry.out_channels / a.geometry.groups) as usize;
    let ranges = columns.div_ceil(a.unit_channels as usize);
    let units = w.units();
    for item in task.range((w.groups * units * ranges) as u32) {
        let first = item % ranges * a.unit_channels as usize;
        let end = columns.min(first + a.unit_channels as usize);
        let (group, index) = (item / ranges / units, item / ranges % units);
        work(w.unit(index), group, first, end);
    }
}

/// Tells that output channels `first..end` of a group are written for the pixels of a unit.
///
/// # Safety
/// They are, and where something follows, the pixels of an image follow each other.
#[inline(always)]
pub unsafe fn finished(a: &Conv2dForward, w: &Window, task: &Task, unit: &Unit, group: usize, first: usize, end: usize) {
    if task.then.is_none() {
        return;
    }
    let channel = group * (a.geometry.out_channels / a.geometry.groups) as usize;
    for image in unit.image..unit.image + unit.images {
        let pixel = image * a.y_image as usize + unit.row * a.y_row as usize;
        // SAFETY: the caller vouches for the unit.
        unsafe { task.finished(pixel..pixel + unit.rows * w.out_width, channel + first..channel + end) };
    }
}

/// Output channels `first..end` of a group for the pixels of a unit.
///
/// # Safety
/// Tables of taps and input offsets hold what lies at `base`; the tensors cover the unit.
#[inline(always)]
#[allow(clippy::too_many_arguments)]
pub unsafe fn multiply_unit<L: Lanes>(
    a: &Conv2dForward,
    w: &Window,
    scratch: &Scratch,
    base: *const f32,
    unit: &Unit,
    group: usize,
    first: usize,
    end: usize,
) {
    let columns = (a.geometry.out_channels / a.geometry.groups) as usize;
    let channel = group * columns + first;
    let (image, row) = (a.y_image as usize, a.y_row as usize);
    let origin = unit.image * image + unit.row * row;
    // SAFETY: the caller vouches for the tables; the origin is the unit's first pixel.
    unsafe {
        let steps = Steps { image, row, column: a.y_column as usize };
        let pixels = pixel_table(w, unit, steps, scratch.out_pixels);
        let a_matrix = Indirect { base, rows: scratch.in_offsets, depth: scratch.taps, row_count: pixels, depth_count: w.taps() };
        let out = Output {
            c: a.y.add(origin * a.y_stride as usize + channel),
            c_stride: a.y_stride as usize,
            rows: scratch.out_pixels,
            columns: end - first,
            accumulate: false,
            activation: Activation {
                bias: if a.bias.is_null() { a.bias } else { a.bias.add(channel) },
                residual: if a.residual.is_null() {
                    a.residual
                } else {
                    a.residual.add(origin * a.residual_stride as usize + channel)
                },
                residual_stride: a.residual_stride as usize,
                relu: a.relu != 0,
                most: a.most,
            },
        };
        let panels = group * columns.div_ceil(PANEL) + first / PANEL;
        multiply::<L>(&a_matrix, a.w.add(panels * PANEL * w.taps()), &out);
    }
}
