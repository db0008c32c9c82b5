//! A matrix with a row stride times panels.

use super::tile::{Activation, Indirect, Output, multiply};
use super::tiles::LOWEST;
use super::{Gemm, PANEL};
use crate::abi::Task;
use crate::lanes::Lanes;

/// # Safety
/// Pointers cover the matrices at their strides; scratch holds `depth + 2·(unit_rows + 8)` words.
#[inline(never)]
pub unsafe fn gemm<L: Lanes>(g: &Gemm, task: &Task) {
    let (unit_rows, unit_columns) = (g.unit_rows as usize, g.unit_columns as usize);
    let ranges = (g.columns as usize).div_ceil(unit_columns);
    let units = g.rows.div_ceil(g.unit_rows) * ranges as u32;
    let depth = task.scratch.cast::<u32>();
    // SAFETY: the caller vouches for scratch and matrices; a unit's rows and columns are in range.
    unsafe {
        let a_rows = depth.add(g.depth as usize);
        let c_rows = a_rows.add(unit_rows.next_multiple_of(LOWEST));
        for k in 0..g.depth {
            *depth.add(k as usize) = 4 * k;
        }
        for i in 0..unit_rows.next_multiple_of(LOWEST) {
            let row = i.min(unit_rows - 1) as u32;
            *a_rows.add(i) = 4 * row * g.a_stride;
            *c_rows.add(i) = row;
        }
        for unit in task.range(units) {
            let (row, column) = (unit / ranges * unit_rows, unit % ranges * unit_columns);
            let a = Indirect {
                base: g.a.add(row * g.a_stride as usize),
                rows: a_rows,
                depth,
                row_count: unit_rows.min(g.rows as usize - row),
                depth_count: g.depth as usize,
            };
            let out = Output {
                c: g.c.add(row * g.c_stride as usize + column),
                c_stride: g.c_stride as usize,
                rows: c_rows,
                columns: unit_columns.min(g.columns as usize - column),
                accumulate: false,
                activation: Activation { bias: if g.bias.is_null() { g.bias } else { g.bias.add(column) }, ..Activation::NONE },
            };
            multiply::<L>(&a, g.b.add(column / PANEL * PANEL * g.depth as usize), &out);
        }
    }
}
