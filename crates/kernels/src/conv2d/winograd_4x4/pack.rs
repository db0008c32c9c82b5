//! Weights: `G g Gᵀ` as panels `[position][⌈columns / 8⌉][depth][8]`, filled up with zeros.

use super::{PATCH, lines};
use crate::abi::Task;
use crate::gemm::{GemmPack, PANEL};
use crate::lanes::Lanes;

/// # Safety
/// As for [`pack`](crate::gemm::pack::pack), with a kernel of 3×3 and one group.
#[inline(never)]
pub unsafe fn pack<L: Lanes>(p: &GemmPack, task: &Task) {
    let (columns, depth) = (p.columns as usize, p.depth as usize);
    let blocks = columns.div_ceil(PANEL);
    let stride = p.column_stride as usize;
    for k in task.range(p.depth) {
        for column in (0..blocks * PANEL).step_by(4) {
            let live = 4.min(columns.saturating_sub(column));
            // SAFETY: taps, depth and columns stay within the matrix and its panels.
            unsafe {
                let from = p.w.wrapping_add(k * p.depth_stride as usize + column * stride);
                let tap = |i: usize, j: usize| {
                    let from = from.wrapping_offset(i as isize * p.tap_row as isize + j as isize * p.tap_column as isize);
                    let mut values = [0.0; 4];
                    for c in 0..live {
                        values[c] = *from.add(c * stride);
                    }
                    L::load(values.as_ptr())
                };
                let mut rows = [[L::zero(); PATCH]; 3];
                for (i, row) in rows.iter_mut().enumerate() {
                    *row = lines::weight([tap(i, 0), tap(i, 1), tap(i, 2)]);
                }
                let to = p.packed.add((column / PANEL * depth + k) * PANEL + column % PANEL);
                for j in 0..PATCH {
                    let line = lines::weight([rows[0][j], rows[1][j], rows[2][j]]);
                    for i in 0..PATCH {
                        line[i].store(to.add((i * PATCH + j) * blocks * depth * PANEL));
                    }
                }
            }
        }
    }
}
