//! Matrices at strides times panels, unit by unit.

use super::MatMul;
use crate::abi::Task;
use crate::gemm::PANEL;
use crate::gemm::tile::{Activation, Indirect, Output, multiply};
use crate::gemm::tiles::LOWEST;
use crate::lanes::Lanes;

/// # Safety
/// Pointers cover the matrices at their strides; scratch holds `depth + 2·(unit_rows + 8)` words.
#[inline(never)]
pub unsafe fn multiply_all<L: Lanes>(m: &MatMul, task: &Task) {
    let (unit_rows, unit_columns) = (m.unit_rows as usize, m.unit_columns as usize);
    let (rows, columns) = (m.rows as usize, m.columns as usize);
    let ranges = columns.div_ceil(unit_columns);
    let units = rows.div_ceil(unit_rows) * ranges;
    let panels = columns.next_multiple_of(PANEL) * m.depth as usize;
    let depth = task.scratch.cast::<u32>();
    // SAFETY: the caller vouches for scratch and matrices; a unit's rows and columns are in range.
    unsafe {
        let a_rows = depth.add(m.depth as usize);
        let c_rows = a_rows.add(unit_rows.next_multiple_of(LOWEST));
        (0..m.depth).for_each(|k| *depth.add(k as usize) = 4 * k * m.a_depth);
        for i in 0..unit_rows.next_multiple_of(LOWEST) {
            let row = i.min(unit_rows - 1) as u32;
            *a_rows.add(i) = 4 * row * m.a_row;
            *c_rows.add(i) = row;
        }
        for item in task.range(m.matrices * units as u32) {
            let (matrix, unit) = (item / units, item % units);
            let (row, column) = (unit / ranges * unit_rows, unit % ranges * unit_columns);
            let a = Indirect {
                base: m.a.add(matrix * m.a_matrix as usize + row * m.a_row as usize),
                rows: a_rows,
                depth,
                row_count: unit_rows.min(rows - row),
                depth_count: m.depth as usize,
            };
            let out = Output {
                c: m.c.add((matrix * rows + row) * m.c_stride as usize + column),
                c_stride: m.c_stride as usize,
                rows: c_rows,
                columns: unit_columns.min(columns - column),
                accumulate: false,
                activation: Activation::NONE,
            };
            let panel = matrix * m.b_matrix as usize * panels + column / PANEL * PANEL * m.depth as usize;
            multiply::<L>(&a, m.b.add(panel), &out);
        }
    }
}
