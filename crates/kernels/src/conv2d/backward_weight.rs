//! `dw[tap, o] = Σ_pixels x[pixel, tap]·dy[pixel, o]`: forward's product with both tables swapped.
//!
//! Sums of one partition of the batch are kept in `dw`, a unit at a time: rows of x and panels of dy fit the cache.

use super::Conv2dBackwardWeight;
use super::rows::copy_padded;
use super::units::{Layout, Unit, Window, pixel_table, tap_offsets};
use crate::abi::Task;
use crate::gemm::PANEL;
use crate::gemm::tile::{Activation, Indirect, Output, multiply_by_rows};
use crate::gemm::tiles::LOWEST;
use crate::lanes::Lanes;
use crate::loops::{load_all, store_all};

/// # Safety
/// Pointers cover the tensors; scratch holds two tables of taps, one of a unit's pixels, its panels of dy and its
/// padded rows of x where they are copied.
#[inline(never)]
pub unsafe fn outer_product<L: Lanes>(a: &Conv2dBackwardWeight, task: &Task) {
    let w = Window::from(a);
    let copied = a.copied_pixel as usize;
    let layout = |rows: usize| if copied == 0 { Layout::in_place(&w) } else { Layout::padded(&w, rows, copied) };
    let taps = w.taps().next_multiple_of(LOWEST);
    let columns = (a.geometry.out_channels / a.geometry.groups) as usize;
    let ranges = columns.div_ceil(a.unit_channels as usize);
    let size = w.taps() * a.geometry.out_channels as usize;
    // SAFETY: tables, panels and rows follow each other in scratch.
    unsafe {
        let tap_table = task.scratch.cast::<u32>();
        let dw_rows = tap_table.add(taps);
        let pixels = dw_rows.add(taps);
        let panels = pixels.add(w.unit_pixels().next_multiple_of(LOWEST)).cast::<f32>();
        let rows = panels.add(w.unit_pixels() * (a.unit_channels as usize).min(columns).next_multiple_of(PANEL));
        tap_offsets(&w, &layout(w.unit_rows), tap_table);
        for tap in 0..taps {
            let live = tap.min(w.taps() - 1);
            *tap_table.add(tap) = *tap_table.add(live);
            *dw_rows.add(tap) = live as u32;
        }
        for item in task.range(a.partitions * a.geometry.groups * ranges as u32) {
            let first = item % ranges * a.unit_channels as usize;
            let end = columns.min(first + a.unit_channels as usize);
            let (group, partition) = (item / ranges % w.groups, item / ranges / w.groups);
            let channel = group * columns + first;
            let cut = |q: usize| w.units() * q / a.partitions as usize;
            for index in cut(partition)..cut(partition + 1) {
                let unit = w.unit(index);
                let layout = layout(unit.rows);
                let base = if copied == 0 {
                    let offset = unit.image * layout.image + unit.row * w.stride[0] * layout.row + group * w.depth;
                    w.x.add(offset)
                } else {
                    copy_padded::<L>(&w, &unit, group, copied, rows);
                    rows
                };
                pack_dy::<L>(a, &unit, channel, end - first, panels);
                let x = Indirect {
                    base,
                    rows: tap_table,
                    depth: pixels,
                    row_count: w.taps(),
                    depth_count: pixel_table(&w, &unit, layout.steps(&w), pixels),
                };
                let out = Output {
                    c: a.dw.add(partition * size + channel),
                    c_stride: a.geometry.out_channels as usize,
                    rows: dw_rows,
                    columns: end - first,
                    accumulate: index > cut(partition),
                    activation: Activation::NONE,
                };
                multiply_by_rows::<L>(&x, panels, &out);
            }
        }
    }
}

/// Copies channels of dy into panels `[⌈count / PANEL⌉][pixels][PANEL]`.
///
/// # Safety
/// dy covers the unit; `to` takes the panels.
#[inline(never)]
unsafe fn pack_dy<L: Lanes>(a: &Conv2dBackwardWeight, unit: &Unit, channel: usize, count: usize, mut to: *mut f32) {
    let stride = a.dy_stride as usize;
    let width = a.geometry.out_width as usize;
    for first in (0..count).step_by(PANEL) {
        let live = PANEL.min(count - first);
        for image in unit.image..unit.image + unit.images {
            let pixel = (image * a.geometry.out_height as usize + unit.row) * width;
            // SAFETY: the pixels and channels of the unit exist.
            unsafe {
                let mut from = a.dy.add(pixel * stride + channel + first);
                for _ in 0..unit.rows * width {
                    if live == PANEL {
                        store_all(load_all::<L, 2>(from), to);
                    } else {
                        for j in 0..PANEL {
                            *to.add(j) = if j < live { *from.add(j) } else { 0.0 };
                        }
                    }
                    from = from.add(stride);
                    to = to.add(PANEL);
                }
            }
        }
    }
}
