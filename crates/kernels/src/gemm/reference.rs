//! The definitions, with sums in f64.

use super::{Gemm, GemmPack, PANEL};
use crate::abi::Task;
use crate::pixels::{List, Pixels, each};

/// # Safety
/// Pointers cover the matrices at their strides; `b` is `[depth, columns]`.
pub unsafe fn gemm(g: &Gemm, task: &Task) {
    let Gemm { rows, depth, columns, .. } = *g;
    // SAFETY: as above.
    let ([a, b, c], bias) = unsafe {
        let matrices = [
            Pixels::new(g.a, g.a_stride, rows, depth),
            Pixels::new(g.b, columns, depth, columns),
            Pixels::new(g.c, g.c_stride, rows, columns),
        ];
        (matrices, List::optional(g.bias, columns as usize))
    };
    for (i, j) in each(task, rows, columns) {
        let product: f64 = (0..depth as usize).map(|k| a.at(i, k) * b.at(k, j)).sum();
        c.set(i, j, product + bias.map_or(0.0, |bias| bias.at(j)));
    }
}

/// # Safety
/// `w` holds the matrices at their strides, `scale` a float for each column unless it is null; `packed` holds all panels.
pub unsafe fn pack(p: &GemmPack, task: &Task) {
    let (columns, rows) = (p.columns as usize, p.height * p.width * p.depth);
    let panels = p.groups * p.columns.div_ceil(PANEL as u32);
    // SAFETY: as above.
    let (packed, scale) = unsafe {
        let packed = Pixels::new(p.packed, PANEL as u32, panels * rows, PANEL as u32);
        (packed, List::optional(p.scale, p.groups as usize * columns))
    };
    for (panel, row) in each(task, panels, rows) {
        let (group, first) = (panel / columns.div_ceil(PANEL), panel % columns.div_ceil(PANEL) * PANEL);
        let (tap, k) = (row / p.depth as usize, row % p.depth as usize);
        let (tap_row, tap_column) = (tap / p.width as usize, tap % p.width as usize);
        let start = group as isize * p.group_stride as isize
            + tap_row as isize * p.tap_row as isize
            + tap_column as isize * p.tap_column as isize
            + k as isize * p.depth_stride as isize;
        for column in first..first + PANEL {
            // SAFETY: w holds the rows and columns of the matrix at their strides.
            let value = || unsafe { *p.w.offset(start + column as isize * p.column_stride as isize) } as f64;
            let factor = || scale.as_ref().map_or(1.0, |scale| scale.at(group * columns + column));
            packed.set(panel * rows as usize + row, column - first, if column < columns { value() * factor() } else { 0.0 });
        }
    }
}
