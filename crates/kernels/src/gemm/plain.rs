//! Few rows times a matrix where it lies: it is read once, in the order of memory, at the speed of memory.

use super::Gemm;
use crate::abi::Task;
use crate::lanes::Lanes;
use crate::loops::{Column, across, load_all, store_all};

/// Rows of B that are added at a time, so that sums are loaded and stored once for eight of them.
const ROWS: usize = 8;
/// Rows of B whose sum is taken by itself, so that rounding errors of long sums stay small.
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

struct Sums<const K: usize> {
    a: *const f32,
    b: *const f32,
    stride: usize,
    c: *mut f32,
}

impl<const K: usize> Column for Sums<K> {
    #[inline(always)]
    unsafe fn down<L: Lanes, const V: usize>(&self, j: usize) {
        // SAFETY: the columns lie within the rows.
        unsafe {
            let mut sum: [L; V] = load_all(self.c.add(j));
            for k in 0..K {
                let (factor, row): (L, [L; V]) = (L::load_splat(self.a.add(k)), load_all(self.b.add(k * self.stride + j)));
                sum = core::array::from_fn(|v| sum[v].madd(factor, row[v]));
            }
            store_all(sum, self.c.add(j));
        }
    }
}

/// `c[j] += Σ_k a[k]·b[k, j]` for `K` rows of B.
///
/// # Safety
/// `a` has `K` floats, `c` and the rows of B have `len`.
#[inline(never)]
unsafe fn add_rows<L: Lanes, const K: usize>(a: *const f32, b: *const f32, stride: usize, c: *mut f32, len: usize) {
    // SAFETY: the caller vouches for the columns.
    unsafe {
        across::<L, 1>(&Sums::<K> { a, b, stride, c }, 0..len);
    }
}
