//! The definition, with sums in f64.

use super::MatMul;
use crate::abi::Task;
use crate::gemm::PANEL;
use crate::pixels::Pixels;

/// # Safety
/// Pointers cover the matrices at their strides.
pub unsafe fn multiply_all(m: &MatMul, task: &Task) {
    let [rows, depth, columns] = [m.rows, m.depth, m.columns].map(|size| size as usize);
    let panels = columns.div_ceil(PANEL) * depth;
    let c_rows = m.matrices * m.rows;
    // SAFETY: as above.
    let (a, b, c) = unsafe {
        (
            |i: usize, row: usize, k: usize| {
                *m.a.add(i * m.a_matrix as usize + row * m.a_row as usize + k * m.a_depth as usize) as f64
            },
            Pixels::new(m.b, PANEL as u32, (if m.b_matrix == 0 { 1 } else { m.matrices }) * panels as u32, PANEL as u32),
            Pixels::new(m.c.cast_const(), m.c_stride, c_rows, m.columns),
        )
    };
    for at in task.range(c_rows) {
        let (matrix, row) = (at / rows, at % rows);
        for j in 0..columns {
            let panel = matrix * m.b_matrix as usize * panels + j / PANEL * depth;
            c.set(at, j, (0..depth).map(|k| a(matrix, row, k) * b.at(panel + k, j % PANEL)).sum());
        }
    }
}
