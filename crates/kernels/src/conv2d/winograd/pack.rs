//! Weights: `G g Gᵀ` for each position, in slices of depth, each as panels `[⌈columns / PANEL⌉][depth of the slice][PANEL]` that
//! are filled up with zeros.

use super::tiles::across_and_down;
use super::{GAP, Lines};
use crate::abi::Task;
use crate::gemm::{GemmPack, PANEL};
use crate::lanes::{Lanes, Vector};

/// Depth of a slice: a panel's, and that of the rows it is multiplied by, stay in the first-level cache while panels stream in.
pub const SLICE: usize = 128;

/// The longest line of a patch.
const LONGEST: usize = 6;

/// The weights of one position.
#[derive(Clone, Copy)]
pub struct Slices {
    pub first: *const f32,
    pub depth: usize,
    pub columns: usize,
}

impl Slices {
    /// The panel with a column, a multiple of [`PANEL`], in the slice from `depth` on, a multiple of [`SLICE`].
    ///
    /// # Safety
    /// There is one.
    #[inline(always)]
    pub unsafe fn panel(&self, depth: usize, column: usize) -> *const f32 {
        // SAFETY: the caller vouches for it.
        unsafe { self.first.add(depth * self.columns.next_multiple_of(PANEL) + column * SLICE.min(self.depth - depth)) }
    }
}

/// Floats from the panels of one position to those of the next.
pub fn position_step(depth: usize, columns: usize) -> usize {
    depth * columns.next_multiple_of(PANEL) + GAP
}

/// # Safety
/// As for [`pack`](crate::gemm::pack::pack), with a kernel of 3×3 and one group.
#[inline(never)]
pub unsafe fn pack<L: Lanes, F: Lines<TILE, PATCH>, const TILE: usize, const PATCH: usize>(p: &GemmPack, task: &Task) {
    let (columns, depth) = (p.columns as usize, p.depth as usize);
    let (stride, step) = (p.column_stride as usize, position_step(depth, columns));
    let mut between = [0.0; 3 * LONGEST * Vector::WIDTH];
    for item in task.range(p.columns.next_multiple_of(PANEL as u32) / L::WIDTH as u32) {
        let column = L::WIDTH * item;
        let live = L::WIDTH.min(columns.saturating_sub(column));
        let scale = if p.scale.is_null() {
            L::splat(1.0)
        } else {
            // SAFETY: scale holds a float for each live column.
            unsafe { load_columns(p.scale.wrapping_add(column), 1, live) }
        };
        for k in 0..depth {
            // SAFETY: taps, depth and columns stay within the matrix and its panels.
            unsafe {
                let from = p.w.wrapping_add(k * p.depth_stride as usize + column * stride);
                let tap = |i: usize, j: usize| {
                    let from = from.wrapping_offset(i as isize * p.tap_row as isize + j as isize * p.tap_column as isize);
                    load_columns::<L>(from, stride, live).mul(scale)
                };
                let slices = Slices { first: p.packed, depth, columns };
                let panel = slices.panel(k / SLICE * SLICE, column / PANEL * PANEL).cast_mut();
                let to = panel.add(k % SLICE * PANEL + column % PANEL);
                across_and_down::<L, 3, PATCH>(F::weight, between.as_mut_ptr(), tap, |i, j, value| {
                    value.store(to.add((j * PATCH + i) * step));
                });
            }
        }
    }
}

/// # Safety
/// `live` columns exist.
#[inline(always)]
unsafe fn load_columns<L: Lanes>(from: *const f32, stride: usize, live: usize) -> L {
    // SAFETY: the caller vouches for the columns.
    unsafe {
        match (live == L::WIDTH, stride) {
            (true, 1) => L::load(from),
            (true, _) => L::load_apart(from, stride),
            (false, _) => {
                let mut columns = [0.0; Vector::WIDTH];
                for (c, column) in columns[..live].iter_mut().enumerate() {
                    *column = *from.wrapping_add(c * stride);
                }
                L::load(columns.as_ptr())
            }
        }
    }
}
