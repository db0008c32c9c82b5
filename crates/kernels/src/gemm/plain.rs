//! Few rows times a matrix where it lies: it is read once, in the order of memory, at the speed of memory.

use super::Gemm;
use crate::abi::Task;
use crate::lanes::Lanes;

/// Rows of B that are added at a time, so that sums are loaded and stored once for eight of them,
const ROWS: usize = 8;
/// and rows whose sum is taken by itself, so that rounding errors of long sums stay small.
const DEPTH: usize = 64;

/// # Safety
/// Pointers cover the matrices at their strides; `b` is `[depth, columns]`; scratch holds `rows · unit_columns` floats.
#[inline(never)]
pub unsafe fn gemm<L: Lanes>(g: &Gemm, task: &Task) {
    let (rows, depth, columns) = (g.rows as usize, g.depth as usize, g.columns as usize);
    let width = g.unit_columns as usize;
    for unit in task.range(columns.div_ceil(width) as u32) {
        let first = unit * width;
        let len = width.min(columns - first);
        // SAFETY: rows, depth and columns are in range.
        unsafe {
            let b = g.b.add(first);
            let c = |row: usize| g.c.add(row * g.c_stride as usize + first);
            for row in 0..rows {
                for j in 0..len {
                    *c(row).add(j) = if g.bias.is_null() { 0.0 } else { *g.bias.add(first + j) };
                }
            }
            for start in (0..depth).step_by(DEPTH) {
                task.scratch.write_bytes(0, rows * width);
                let end = depth.min(start + DEPTH);
                let whole = end - (end - start) % ROWS;
                for k in (start..whole).step_by(ROWS).chain(whole..end) {
                    for row in 0..rows {
                        let (a, sums) = (g.a.add(row * g.a_stride as usize + k), task.scratch.add(row * width));
                        if k < whole {
                            add_rows::<L, ROWS>(a, b.add(k * columns), columns, sums, len);
                        } else {
                            add_rows::<L, 1>(a, b.add(k * columns), columns, sums, len);
                        }
                    }
                }
                for row in 0..rows {
                    for j in 0..len {
                        *c(row).add(j) += *task.scratch.add(row * width + j);
                    }
                }
            }
        }
    }
}

/// `c[j] += Σ_k a[k]·b[k, j]` for `K` rows of B.
///
/// # Safety
/// `a` has `K` floats, `c` and the rows of B have `len`.
#[inline(never)]
unsafe fn add_rows<L: Lanes, const K: usize>(a: *const f32, b: *const f32, stride: usize, c: *mut f32, len: usize) {
    // SAFETY: j stays below len.
    unsafe {
        let factors: [L; K] = core::array::from_fn(|k| L::load_splat(a.add(k)));
        let mut j = 0;
        while j + 4 <= len {
            let mut sum = L::load(c.add(j));
            for k in 0..K {
                sum = sum.madd(factors[k], L::load(b.add(k * stride + j)));
            }
            sum.store(c.add(j));
            j += 4;
        }
        while j < len {
            for k in 0..K {
                *c.add(j) += *a.add(k) * *b.add(k * stride + j);
            }
            j += 1;
        }
    }
}
