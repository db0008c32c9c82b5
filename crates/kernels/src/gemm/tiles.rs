//! Rows of a product in tiles of what fits the registers, and one step of a tile's depth.

use crate::lanes::{Lanes, Vector};
use crate::loops::{load_all, store_all};
use core::sync::atomic::{AtomicBool, Ordering};

/// Rows of the lowest tile: what a product reads of A is filled up to a multiple of it.
pub const LOWEST: usize = 4;

/// Rows of the highest tile. With two vectors of columns its sums, the row of B and an element of A are the fifteen registers that
/// V8 gives away. Without fused multiply-add a product needs one more, and four rows are the fastest.
pub const HIGHEST: usize = if cfg!(all(target_arch = "wasm32", not(target_feature = "relaxed-simd"))) { LOWEST } else { 6 };

/// Whether the engine's registers hold the highest tile. The results are the same bits with either.
static HIGH: AtomicBool = AtomicBool::new(true);

pub fn set_high(high: bool) {
    HIGH.store(high, Ordering::Relaxed);
}

/// Whether tiles have up to [`HIGHEST`] rows, or [`LOWEST`]. Each has inner loops of its own: V8 makes slower ones for both.
#[inline(always)]
pub fn high() -> bool {
    HIGHEST > LOWEST && HIGH.load(Ordering::Relaxed)
}

/// What a product does with a tile of `R` rows.
pub trait Tile {
    /// `R` rows from `row` on, of which the first `height` are wanted: all of them, unless `R` is [`LOWEST`].
    ///
    /// # Safety
    /// `R` rows can be read, `height` written.
    unsafe fn rows<const R: usize>(&self, row: usize, height: usize);
}

/// Cuts rows into tiles of up to `HIGH`: as few as can be, and where they are higher than the lowest, no heights that differ by more
/// than one, so that few are lower than four.
///
/// # Safety
/// As for [`Tile::rows`], for all tiles.
#[inline(always)]
pub unsafe fn each_tile<const HIGH: usize>(rows: usize, work: impl Tile) {
    // SAFETY: the caller vouches for the rows.
    unsafe {
        if HIGH == LOWEST {
            for row in (0..rows).step_by(LOWEST) {
                work.rows::<LOWEST>(row, LOWEST.min(rows - row));
            }
            return;
        }
        let count = rows.div_ceil(HIGH);
        let (lower, higher) = (rows / count.max(1), rows % count.max(1));
        let mut row = 0;
        for tile in 0..count {
            let height = lower + (tile < higher) as usize;
            match height {
                6 if HIGH >= 6 => work.rows::<6>(row, height),
                5 if HIGH >= 5 => work.rows::<5>(row, height),
                _ => work.rows::<LOWEST>(row, height),
            }
            row += height;
        }
    }
}

/// Whether so few columns are left of a panel that one vector takes them: worth a tile of its own where vectors are wide.
#[inline(always)]
pub fn is_half(columns: usize) -> bool {
    Vector::WIDTH > 4 && columns <= Vector::WIDTH
}

/// Adds `x[r]·b` to the sums of row `r`, where x(r) points at an element of A and b at a row of a panel.
///
/// # Safety
/// Elements and row exist.
#[inline(always)]
pub unsafe fn add_products<L: Lanes, const R: usize, const V: usize>(
    sums: &mut [[L; V]; R],
    x: impl Fn(usize) -> *const f32,
    b: *const f32,
) {
    // SAFETY: the caller vouches for them.
    unsafe {
        let b: [L; V] = load_all(b);
        for r in 0..R {
            let x = L::load_splat(x(r));
            sums[r] = core::array::from_fn(|v| sums[r][v].madd(x, b[v]));
        }
    }
}

/// Stores a row of sums, or adds it to what is there.
///
/// # Safety
/// `V` vectors are there.
#[inline(always)]
pub unsafe fn store_sum<L: Lanes, const V: usize>(sum: [L; V], to: *mut f32, accumulate: bool) {
    // SAFETY: the caller vouches for them.
    unsafe {
        let total = if accumulate {
            let before: [L; V] = load_all(to);
            core::array::from_fn(|v| sum[v].add(before[v]))
        } else {
            sum
        };
        store_all(total, to);
    }
}
