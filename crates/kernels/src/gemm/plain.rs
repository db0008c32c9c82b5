//! Few rows times a matrix where it lies: it is read once, in the order of memory, at the speed of memory.

use super::Gemm;
use crate::abi::Task;
use crate::lanes::Lanes;

/// Rows of B that are added at a time, so that sums are loaded and stored once for eight of them.
const DEPTH: usize = 8;

/// # Safety
/// Pointers cover the matrices at their strides; `b` is `[depth, columns]`.
#[inline(never)]
pub unsafe fn gemm<L: Lanes>(g: &Gemm, task: &Task) {
    let (rows, depth, columns) = (g.rows as usize, g.depth as usize, g.columns as usize);
    let (width, whole) = (g.unit_columns as usize, depth - depth % DEPTH);
    for unit in task.range(columns.div_ceil(width) as u32) {
        let first = unit * width;
        let len = width.min(columns - first);
        // SAFETY: rows, depth and columns are in range.
        unsafe {
            let row = |i: usize| (g.a.add(i * g.a_stride as usize), g.c.add(i * g.c_stride as usize + first));
            for i in 0..rows {
                for j in 0..len {
                    *row(i).1.add(j) = if g.bias.is_null() { 0.0 } else { *g.bias.add(first + j) };
                }
            }
            for k in (0..whole).step_by(DEPTH) {
                for i in 0..rows {
                    let (a, c) = row(i);
                    add_rows::<L, DEPTH>(a.add(k), g.b.add(k * columns + first), columns, c, len);
                }
            }
            for k in whole..depth {
                for i in 0..rows {
                    let (a, c) = row(i);
                    add_rows::<L, 1>(a.add(k), g.b.add(k * columns + first), columns, c, len);
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
