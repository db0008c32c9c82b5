//! Tiles of a unit are transformed, multiplied position by position and transformed back, all within a worker's cache.

use super::epilogue::{Epilogue, NormGradient, OutputTile, Plain};
use super::pack::{SLICE, Slices, position_step};
use super::read::{AsStored, Normed, Read};
use super::tiles::{Grid, Images, Input, across_and_down, touch_tiles, transform};
use super::{F4, GAP, Lines, ROW_GAP};
use crate::abi::Task;
use crate::conv2d::Conv2dWinograd;
use crate::gemm::PANEL;
use crate::gemm::tiles::{HIGHEST, LOWEST, Tile, add_products, each_tile, high, store_sum};
use crate::lanes::{Lanes, split};
use core::marker::PhantomData;
use core::ops::Range;

/// Out channels whose products are kept at a time.
const RANGE: usize = 128;
/// Tiles whose pixels are touched at a time where a first-level cache has to hold those of another tensor, too.
const TOUCHED: usize = 8;

/// Rows that are multiplied by half a panel at a time.
const HALF_ROWS: usize = 8;

/// # Safety
/// Pointers cover the tensors; channels are multiples of four; scratch holds the transformed tiles of a unit, their
/// products for [`RANGE`] channels, and a vector for each position.
#[inline(never)]
pub unsafe fn forward<L: Lanes, F: Lines<TILE, PATCH>, const TILE: usize, const PATCH: usize>(a: &Conv2dWinograd, task: &Task) {
    // SAFETY: as above.
    unsafe { convolve::<L, F, AsStored, Plain, TILE, PATCH>(a, task) }
}

/// Of `max(beta + (x - mean)·gamma·rstd, 0)`, computed while x is read.
///
/// # Safety
/// As for [`forward`]; mean, gamma, rstd and beta hold the in channels.
#[inline(never)]
pub unsafe fn forward_of_norm<L: Lanes, F: Lines<TILE, PATCH>, const TILE: usize, const PATCH: usize>(
    a: &Conv2dWinograd,
    task: &Task,
) {
    // SAFETY: as above.
    unsafe { convolve::<L, F, Normed, Plain, TILE, PATCH>(a, task) }
}

/// The gradient that batch norm and ReLU before a convolution pass on, but for what their statistics add: see [`NormGradient`].
///
/// # Safety
/// As for [`forward`]; mean, gamma, rstd and beta hold the out channels, `norm_x` covers the pixels of y, and `partials`
/// has `2·out_channels` floats for each chunk.
#[inline(never)]
pub unsafe fn norm_gradient<L: Lanes>(a: &Conv2dWinograd, task: &Task) {
    // SAFETY: as above.
    unsafe { convolve::<L, F4, AsStored, NormGradient, 4, 6>(a, task) }
}

/// # Safety
/// As for [`forward`], and what the reading of x and the epilogue ask for.
#[inline(always)]
unsafe fn convolve<L: Lanes, F: Lines<TILE, PATCH>, R: Read, E: Epilogue, const TILE: usize, const PATCH: usize>(
    a: &Conv2dWinograd,
    task: &Task,
) {
    let positions = PATCH * PATCH;
    let (depth, out_channels) = (a.geometry.in_channels as usize, a.geometry.out_channels as usize);
    let grid = Grid::new(TILE, &a.geometry);
    let tiles = a.geometry.batch as usize * grid.rows * grid.columns;
    let (unit_tiles, unit_channels) = (a.unit_tiles as usize, a.unit_channels as usize);
    let ranges = out_channels.div_ceil(unit_channels);
    let width = RANGE.min(unit_channels);
    let row_step = depth + ROW_GAP;
    let input_step = unit_tiles.next_multiple_of(LOWEST) * row_step + GAP;
    let product_step = unit_tiles.next_multiple_of(LOWEST) * width + GAP;
    let weight_step = position_step(depth, out_channels);
    let x = Images::of_x(a.x, a.x_stride, &a.geometry);
    let y = Images::of_y(a.y, a.y_stride, &a.geometry);
    let mut transformed = None;
    // SAFETY: the caller vouches for scratch; units, tiles and channels are in range.
    unsafe {
        let input = task.scratch;
        let product = input.add(positions * input_step);
        let between = product.add(positions * product_step);
        E::start(a, task);
        for unit in task.range((tiles.div_ceil(unit_tiles) * ranges) as u32) {
            let first = unit / ranges * unit_tiles;
            let count = unit_tiles.min(tiles - first);
            if transformed != Some(first) {
                transform_unit::<L, F, R, TILE, PATCH>(
                    a,
                    &x,
                    &grid.of_inputs(F::STRIDE),
                    first..first + count,
                    (input, row_step),
                    input_step,
                    between,
                );
                transformed = Some(first);
            }
            let start = unit % ranges * unit_channels;
            let end = out_channels.min(start + unit_channels);
            let beside = E::reads(a);
            if beside.is_none() {
                touch_tiles(&y.channels(start..end), &grid, first..first + count);
            }
            for channel in (start..end).step_by(width) {
                let channels = channel..end.min(channel + width);
                for position in 0..positions {
                    let weights = Slices { first: a.w.add(position * weight_step), depth, columns: out_channels };
                    let (from, to) = (input.add(position * input_step), product.add(position * product_step));
                    multiply::<L>((from, row_step), weights, channels.clone(), (to, width), count);
                }
                for tile in 0..count {
                    if let (Some(x), 0) = (beside, tile % TOUCHED) {
                        let tiles = first + tile..first + count.min(tile + TOUCHED);
                        touch_tiles(&x.channels(channels.clone()), &grid, tiles.clone());
                        touch_tiles(&y.channels(channels.clone()), &grid, tiles);
                    }
                    let place = grid.place(first + tile);
                    write_tile::<L, F, E, TILE, PATCH>(
                        a,
                        task,
                        place,
                        channels.clone(),
                        product.add(tile * width),
                        product_step,
                        between,
                    );
                }
            }
            if task.then.is_some() {
                finished(a, task, &grid, first..first + count, start..end);
            }
        }
    }
}

/// Tells that these channels of all pixels of these tiles are written: those of a row of the image in one piece, or of several.
///
/// # Safety
/// They are.
#[inline(never)]
pub(super) unsafe fn finished(a: &Conv2dWinograd, task: &Task, grid: &Grid, tiles: Range<usize>, channels: Range<usize>) {
    let (height, width) = (a.geometry.out_height as usize, a.geometry.out_width as usize);
    let mut tile = tiles.start;
    while tile < tiles.end {
        let (image, y, x) = grid.place(tile);
        let run = (grid.columns - x / grid.tile).min(tiles.end - tile);
        let (rows, columns) = (grid.tile.min(height - y), (run * grid.tile).min(width - x));
        let pieces = if columns == width { 1 } else { rows };
        for piece in 0..pieces {
            let pixel = (image * height + y + piece) * width + x;
            // SAFETY: the caller vouches for the tiles.
            unsafe { task.finished(pixel..pixel + rows * columns / pieces, channels.clone()) };
        }
        tile += run;
    }
}

/// Transforms tiles, by their inputs, to rows for each position.
///
/// # Safety
/// As for [`forward`], and what the reading of x asks for.
#[inline(always)]
pub(super) unsafe fn transform_unit<L: Lanes, F: Lines<TILE, PATCH>, R: Read, const TILE: usize, const PATCH: usize>(
    a: &Conv2dWinograd,
    x: &Images,
    grid: &Grid,
    tiles: Range<usize>,
    (input, row_step): (*mut f32, usize),
    input_step: usize,
    between: *mut f32,
) {
    // SAFETY: the caller vouches for tiles and scratch.
    unsafe {
        touch_tiles(x, grid, tiles.clone());
        for tile in tiles.clone() {
            let (image, row, column) = grid.place(tile);
            let corner = (row as isize - a.geometry.pad_top as isize, column as isize - a.geometry.pad_left as isize);
            let to = input.add((tile - tiles.start) * row_step);
            transform::<L, Input<F, TILE>, R, PATCH, PATCH>(a.norm, x, image, corner, to, input_step, between);
        }
    }
}

/// Products of one position: `tiles` rows times `columns` of the weights, slice after slice; rows and products have steps from
/// row to row.
///
/// # Safety
/// Rows exist up to a whole tile of them.
#[inline(always)]
unsafe fn multiply<L: Lanes>(
    input: (*const f32, usize),
    weights: Slices,
    columns: Range<usize>,
    product: (*mut f32, usize),
    tiles: usize,
) {
    let by = if high() { multiply_tiles::<L, HIGHEST> } else { multiply_tiles::<L, LOWEST> };
    // SAFETY: the caller vouches for rows and panels.
    unsafe { by(input, weights, columns, product, tiles) }
}

/// With tiles of up to `HIGH` rows.
///
/// # Safety
/// As for [`multiply`].
#[inline(never)]
unsafe fn multiply_tiles<L: Lanes, const HIGH: usize>(
    (input, row_step): (*const f32, usize),
    weights: Slices,
    columns: Range<usize>,
    (product, range): (*mut f32, usize),
    tiles: usize,
) {
    for from in (0..weights.depth).step_by(SLICE) {
        let depth = SLICE.min(weights.depth - from);
        for column in columns.clone().step_by(PANEL) {
            // SAFETY: the caller vouches for rows and panels.
            unsafe {
                let rows = Rows {
                    x: input.add(from),
                    row_step,
                    depth,
                    panel: weights.panel(from, column),
                    to: product.add(column - columns.start),
                    range,
                    more: from > 0,
                    lanes: PhantomData::<L>,
                };
                if columns.end - column > PANEL / 2 {
                    each_tile::<HIGH>(tiles, rows);
                } else {
                    for tile in (0..tiles).step_by(HALF_ROWS) {
                        if tile + LOWEST < tiles {
                            rows.multiply::<HALF_ROWS, 1>(tile);
                        } else {
                            rows.multiply::<LOWEST, 1>(tile);
                        }
                    }
                }
            }
        }
    }
}

/// Rows of one position and a panel that they are multiplied by, added to products of other slices if there are `more`.
pub(super) struct Rows<L> {
    pub x: *const f32,
    pub row_step: usize,
    pub depth: usize,
    pub panel: *const f32,
    pub to: *mut f32,
    /// Floats from row to row of the products.
    pub range: usize,
    pub more: bool,
    pub lanes: PhantomData<L>,
}

impl<L: Lanes> Rows<L> {
    /// `R` rows by the first `V` vectors of the panel.
    ///
    /// # Safety
    /// As for [`Tile::rows`].
    #[inline(always)]
    unsafe fn multiply<const R: usize, const V: usize>(&self, row: usize) {
        // SAFETY: the caller vouches for rows and panel.
        unsafe {
            let mut x = self.x.add(row * self.row_step);
            let (mut b, end) = (self.panel, x.add(self.depth));
            let mut sums = [[L::zero(); V]; R];
            while x != end {
                add_products(&mut sums, |r| x.add(r * self.row_step), b);
                b = b.add(PANEL);
                x = x.add(1);
            }
            let mut to = self.to.add(row * self.range);
            for sum in sums {
                store_sum(sum, to, self.more);
                to = to.add(self.range);
            }
        }
    }
}

/// All rows of a tile are written, those beyond the last one, too.
impl<L: Lanes> Tile for Rows<L> {
    #[inline(always)]
    unsafe fn rows<const R: usize>(&self, row: usize, _: usize) {
        // SAFETY: as above.
        unsafe { self.multiply::<R, 2>(row) };
    }
}

/// `Aᵀ m A` for each vector of channels of a range; then the epilogue, for the pixels that exist.
///
/// # Safety
/// The tile's pixels and channels exist; `from` is its first product.
#[inline(always)]
pub(super) unsafe fn write_tile<L: Lanes, F: Lines<TILE, PATCH>, E: Epilogue, const TILE: usize, const PATCH: usize>(
    a: &Conv2dWinograd,
    task: &Task,
    (image, y, x): (usize, usize, usize),
    channels: Range<usize>,
    from: *const f32,
    step: usize,
    between: *mut f32,
) {
    let (height, width) = (a.geometry.out_height as usize, a.geometry.out_width as usize);
    let (rows, columns) = (TILE.min(height - y), TILE.min(width - x));
    let tile = OutputTile { pixel: (image * height + y) * width + x, rows, columns, values: between };
    let first = channels.start;
    let [whole, rest] = split::<L>(channels);
    // SAFETY: channels end with the range.
    unsafe {
        for c in whole.step_by(L::WIDTH) {
            write_channels::<L, F, E, TILE, PATCH>(a, task, &tile, c, from.add(c - first), step);
        }
        if L::Rest::WIDTH < L::WIDTH {
            for c in rest.step_by(L::Rest::WIDTH) {
                write_channels::<L::Rest, F, E, TILE, PATCH>(a, task, &tile, c, from.add(c - first), step);
            }
        }
    }
}

/// # Safety
/// As for [`write_tile`].
#[inline(never)]
unsafe fn write_channels<L: Lanes, F: Lines<TILE, PATCH>, E: Epilogue, const TILE: usize, const PATCH: usize>(
    a: &Conv2dWinograd,
    task: &Task,
    tile: &OutputTile,
    c: usize,
    mut from: *const f32,
    step: usize,
) {
    // SAFETY: the caller vouches for pixels and channels.
    unsafe {
        let mut epilogue = E::at::<L>(a, tile, c);
        across_and_down::<L, PATCH, TILE>(
            F::output,
            tile.values,
            |_, _| {
                let value = L::load(from);
                from = from.wrapping_add(step);
                value
            },
            |j, i, value| E::give(&mut epilogue, a, tile, (i, j), value),
        );
        E::end(epilogue, a, task, tile, c);
    }
}
