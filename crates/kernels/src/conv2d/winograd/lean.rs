//! Weights as implicit GEMM has them, a quarter or a third of the memory: a panel's are transformed where they are multiplied. Where few
//! tiles share many of them, this is faster than reading transformed ones from memory.

use super::epilogue::{Epilogue, Plain};
use super::forward::{Rows, finished, transform_unit, write_tile};
use super::lines_4x4::{A, B, at_points};
use super::pack::SLICE;
use super::read::AsStored;
use super::tiles::{Grid, Images};
use super::{GAP, Lines, ROW_GAP, StridedF2, UnscaledF4};
use crate::abi::Task;
use crate::conv2d::Conv2dWinograd;
use crate::gemm::PANEL;
use crate::gemm::tiles::{HIGHEST, LOWEST, each_tile, high};
use crate::lanes::Lanes;
use core::marker::PhantomData;

/// Columns that are transformed, and multiplied by the same rows, at a time.
const COLUMNS: usize = 16;
/// Panels of the columns that are transformed at a time.
const PANELS: usize = COLUMNS / PANEL;
/// Floats from a position's transformed weights to the next one's; a constant is part of a store's address.
const WEIGHT_STEP: usize = SLICE * PANEL + GAP;

/// # Safety
/// Pointers cover the tensors; channels are multiples of four; w is in panels of rows (tap, channel); scratch holds the transformed
/// tiles of a unit and, for [`COLUMNS`], their products and a slice of transformed weights, and a vector for each position.
#[inline(never)]
pub unsafe fn forward<L: Lanes, F: LeanLines<TILE, PATCH>, const TILE: usize, const PATCH: usize>(
    a: &Conv2dWinograd,
    task: &Task,
) {
    let positions = PATCH * PATCH;
    let (depth, out_channels) = (a.geometry.in_channels as usize, a.geometry.out_channels as usize);
    let grid = Grid::new(TILE, &a.geometry);
    let tiles = a.geometry.batch as usize * grid.rows * grid.columns;
    let (unit_tiles, unit_channels) = (a.unit_tiles as usize, a.unit_channels as usize);
    let ranges = out_channels.div_ceil(unit_channels);
    let (rows, row_step) = (unit_tiles.next_multiple_of(LOWEST), depth + ROW_GAP);
    let (input_step, product_step) = (rows * row_step + GAP, rows * COLUMNS + GAP);
    let x = Images::of_x(a.x, a.x_stride, &a.geometry);
    let mut transformed = None;
    // SAFETY: the caller vouches for scratch; units, tiles and channels are in range.
    unsafe {
        let input = task.scratch;
        let product = input.add(positions * input_step);
        let weights = product.add(positions * product_step);
        let between = weights.add(PANELS * positions * WEIGHT_STEP);
        Plain::start(a, task);
        for unit in task.range((tiles.div_ceil(unit_tiles) * ranges) as u32) {
            let first = unit / ranges * unit_tiles;
            let count = unit_tiles.min(tiles - first);
            if transformed != Some(first) {
                let tiles = first..first + count;
                transform_unit::<L, F, AsStored, TILE, PATCH>(
                    a,
                    &x,
                    &grid.of_inputs(F::STRIDE),
                    tiles,
                    (input, row_step),
                    input_step,
                    between,
                );
                transformed = Some(first);
            }
            let start = unit % ranges * unit_channels;
            let end = out_channels.min(start + unit_channels);
            for channel in (start..end).step_by(COLUMNS) {
                let channels = channel..end.min(channel + COLUMNS);
                let panels = channels.len().div_ceil(PANEL);
                for from in (0..depth).step_by(SLICE) {
                    let slice = SLICE.min(depth - from);
                    for p in 0..panels {
                        let panel = a.w.add(9 * depth * (channel + p * PANEL));
                        F::panel::<L>(panel.add(from * PANEL), depth, slice, weights.add(p * positions * WEIGHT_STEP));
                    }
                    for position in 0..positions {
                        let x = (input.add(position * input_step + from).cast_const(), row_step);
                        for p in 0..panels {
                            let w = weights.add((p * positions + position) * WEIGHT_STEP).cast_const();
                            multiply::<L>(x, slice, w, product.add(position * product_step + p * PANEL), count, from > 0);
                        }
                    }
                }
                for tile in 0..count {
                    let from = product.add(tile * COLUMNS);
                    let place = grid.place(first + tile);
                    write_tile::<L, F, Plain, TILE, PATCH>(a, task, place, channels.clone(), from, product_step, between);
                }
            }
            if task.then.is_some() {
                finished(a, task, &grid, first..first + count, start..end);
            }
        }
    }
}

/// Lines that transform the weights of a panel.
pub trait LeanLines<const TILE: usize, const PATCH: usize>: Lines<TILE, PATCH> {
    /// `G g Gᵀ` of the first `slice` of `depth` channels of a panel, to rows of a panel for each position.
    ///
    /// # Safety
    /// The panel has nine times `depth` rows; `to` takes `slice` rows for each position.
    unsafe fn panel<L: Lanes>(panel: *const f32, depth: usize, slice: usize, to: *mut f32);
}

impl LeanLines<4, 6> for UnscaledF4 {
    #[inline(always)]
    unsafe fn panel<L: Lanes>(panel: *const f32, depth: usize, slice: usize, to: *mut f32) {
        // SAFETY: the caller vouches for rows.
        unsafe {
            transform_lines::<L, false>(panel, depth, slice, to);
            transform_lines::<L, true>(panel, depth, slice, to);
        }
    }
}

impl LeanLines<2, 5> for StridedF2 {
    #[inline(never)]
    unsafe fn panel<L: Lanes>(panel: *const f32, depth: usize, slice: usize, to: *mut f32) {
        for at in (0..slice * PANEL).step_by(L::WIDTH) {
            // SAFETY: the caller vouches for rows of a panel.
            unsafe {
                let (taps, to) = (taps::<L>(panel.add(at), depth * PANEL), to.add(at));
                let across = Self::weight(taps.map(|column| column[0]));
                let [middle, last] = [1, 2].map(|row| Self::weight(taps.map(|column| column[row])));
                for j in 0..5 {
                    for (i, value) in Self::weight([across[j], middle[j], last[j]]).into_iter().enumerate() {
                        value.store(to.add((j * 5 + i) * WEIGHT_STEP));
                    }
                }
            }
        }
    }
}

/// The nine taps of a vector of columns, column by column of the kernel.
///
/// # Safety
/// The panel has nine times `tap_step` floats.
#[inline(always)]
unsafe fn taps<L: Lanes>(panel: *const f32, tap_step: usize) -> [[L; 3]; 3] {
    // SAFETY: the caller vouches for the taps.
    core::array::from_fn(|j| core::array::from_fn(|i| unsafe { L::load(panel.add((i * 3 + j) * tap_step)) }))
}

/// Half of the six lines: that of the first row of taps and those of two points, or of the `LAST` row and the others. So few of
/// their values are alive at a time that registers hold them.
///
/// # Safety
/// As for [`LeanLines::panel`].
#[inline(never)]
unsafe fn transform_lines<L: Lanes, const LAST: bool>(panel: *const f32, depth: usize, slice: usize, to: *mut f32) {
    let ([own, plus, minus], row) = if LAST { ([5, 3, 4], 2) } else { ([0, 1, 2], 0) };
    let (square, point) = if LAST { (2.0, B) } else { (0.5, A) };
    for at in (0..slice * PANEL).step_by(L::WIDTH) {
        // SAFETY: the caller vouches for rows of a panel.
        unsafe {
            let (taps, to) = (taps::<L>(panel.add(at), depth * PANEL), to.add(at));
            let store = |i: usize, line: [L; 3]| {
                for (j, value) in UnscaledF4::weight(line).into_iter().enumerate() {
                    value.store(to.add((j * 6 + i) * WEIGHT_STEP));
                }
            };
            store(own, taps.map(|column| column[row]));
            let down = taps.map(|column| at_points(column, square, point));
            store(plus, down.map(|[plus, _]| plus));
            store(minus, down.map(|[_, minus]| minus));
        }
    }
}

/// Products of one position with a panel, added to those of other slices if there are `more`.
///
/// # Safety
/// Rows exist up to a whole tile of them.
#[inline(always)]
unsafe fn multiply<L: Lanes>(
    x: (*const f32, usize),
    depth: usize,
    panel: *const f32,
    product: *mut f32,
    tiles: usize,
    more: bool,
) {
    let by = if high() { multiply_tiles::<L, HIGHEST> } else { multiply_tiles::<L, LOWEST> };
    // SAFETY: the caller vouches for rows.
    unsafe { by(x, depth, panel, product, tiles, more) }
}

/// With tiles of up to `HIGH` rows.
///
/// # Safety
/// As for [`multiply`].
#[inline(never)]
unsafe fn multiply_tiles<L: Lanes, const HIGH: usize>(
    (x, row_step): (*const f32, usize),
    depth: usize,
    panel: *const f32,
    product: *mut f32,
    tiles: usize,
    more: bool,
) {
    let to = product;
    let rows = Rows { x, row_step, depth, panel, to, range: COLUMNS, more, lanes: PhantomData::<L> };
    // SAFETY: the caller vouches for rows.
    unsafe { each_tile::<HIGH>(tiles, rows) };
}
