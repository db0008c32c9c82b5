//! Columns of channels, a place of y at a time. Chunks share the rows of y.

use super::{Axis, ResampleForward};
use crate::abi::Task;
use crate::copy::simd::copy_row;
use crate::lanes::Lanes;
use crate::loops::{Column, across, load_all, store_all};
use core::ops::Range;

/// What a place of y gathers.
struct Place {
    x: *const f32,
    axes: [Axis; 2],
    strides: [usize; 2],
    rows: Range<usize>,
    columns: Range<usize>,
    y: *mut f32,
}

impl Column for Place {
    #[inline(always)]
    unsafe fn down<L: Lanes, const V: usize>(&self, c: usize) {
        let mut sum = [L::zero(); V];
        // SAFETY: the taps lie within x, the place within y.
        unsafe {
            for row in self.rows.clone() {
                let line = self.x.add(self.axes[0].index(row) * self.strides[0] + c);
                let row_weight = self.axes[0].weight(row);
                for column in self.columns.clone() {
                    let x = load_all::<L, V>(line.add(self.axes[1].index(column) * self.strides[1]));
                    let weight = L::splat(row_weight * self.axes[1].weight(column));
                    sum = core::array::from_fn(|v| sum[v].madd(x[v], weight));
                }
            }
            store_all(sum, self.y.add(c));
        }
    }
}

/// # Safety
/// As for the reference.
pub unsafe fn forward<L: Lanes>(a: &ResampleForward, task: &Task) {
    let weighted = !(a.row_weights.is_null() && a.column_weights.is_null());
    let axes = a.axes();
    let (height, channels) = (a.rows as usize, a.channels as usize);
    for unit in task.range(a.outer * a.rows) {
        let (outer, row) = (unit / height, unit % height);
        // SAFETY: the row lies within y, its taps within x.
        unsafe {
            let x = a.x.add(outer * a.x_outer_stride as usize);
            let y = a.y.add(outer * a.y_outer_stride as usize + row * a.y_row_stride as usize);
            let rows = axes[0].of(row);
            for column in 0..a.columns as usize {
                let place = Place {
                    x,
                    axes,
                    strides: [a.x_row_stride as usize, a.x_column_stride as usize],
                    rows: rows.clone(),
                    columns: axes[1].of(column),
                    y: y.add(column * a.y_column_stride as usize),
                };
                if !weighted && place.rows.len() == 1 && place.columns.len() == 1 {
                    let from = axes[0].index(place.rows.start) * place.strides[0]
                        + axes[1].index(place.columns.start) * place.strides[1];
                    copy_row::<L>(x.add(from), place.y, channels);
                } else {
                    across::<L, 4>(&place, 0..channels);
                }
            }
        }
    }
}
