//! Rows of a product in tiles of what fits the registers, and one step of a tile's depth.

use super::PANEL;
use crate::lanes::Lanes;
use core::sync::atomic::{AtomicBool, Ordering};

/// Rows of the lowest tile: what a product reads of A is filled up to a multiple of it.
pub const LOWEST: usize = 4;

/// Rows of the highest tile. With eight columns its sums, the row of B and an element of A are the fifteen registers that V8
/// gives away. Without fused multiply-add a product needs one more, and four rows are the fastest.
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

/// Calls `work` with the first row and the height of each tile of up to `HIGH` rows: as few tiles as can be, and where they
/// are higher than the lowest, no heights that differ by more than one, so that few are lower than four.
#[inline(always)]
pub fn each_tile<const HIGH: usize>(rows: usize, mut work: impl FnMut(usize, usize)) {
    let mut row = 0;
    if HIGH == LOWEST {
        while row < rows {
            work(row, LOWEST.min(rows - row));
            row += LOWEST;
        }
        return;
    }
    let count = rows.div_ceil(HIGH);
    let (height, higher) = (rows / count.max(1), rows % count.max(1));
    for tile in 0..count {
        let height = height + (tile < higher) as usize;
        work(row, height);
        row += height;
    }
}

/// Adds `x[r]·b` to the sums of row `r`, where x(r) points at an element of A and b at a row of a panel.
///
/// # Safety
/// Elements and row exist.
#[inline(always)]
pub unsafe fn add_products<L: Lanes, const R: usize>(sums: &mut [[L; 2]; R], x: impl Fn(usize) -> *const f32, b: *const f32) {
    // SAFETY: the caller vouches for them.
    unsafe {
        let (low, high) = (L::load(b), L::load(b.add(PANEL / 2)));
        for r in 0..R {
            let x = L::load_splat(x(r));
            sums[r] = [sums[r][0].madd(x, low), sums[r][1].madd(x, high)];
        }
    }
}
