//! Tiles of a unit are transformed, multiplied position by position and transformed back, all within a worker's cache.

use super::epilogue::{Epilogue, NormGradient, Plain, Tile};
use super::pack::{SLICE, Slices, position_step};
use super::read::{AsStored, Normed, Read};
use super::tiles::{Grid, Images, across_and_down, touch_tiles, transform};
use super::{F4, GAP, Lines, ROW_GAP};
use crate::abi::Task;
use crate::conv2d::Conv2dWinograd;
use crate::gemm::PANEL;
use crate::gemm::tiles::{HIGHEST, LOWEST, add_products, each_tile, high};
use crate::lanes::Lanes;
use core::ops::Range;

/// Out channels whose products are kept at a time.
const RANGE: usize = 128;
/// Tiles whose pixels are touched at a time where a first-level cache has to hold those of another tensor, too.
const TOUCHED: usize = 8;

/// Rows that are multiplied by four columns at a time.
const HALF_ROWS: usize = 8;

/// # Safety
/// Pointers cover the tensors; channels are multiples of four; scratch holds the transformed tiles of a unit, their
/// products for [`RANGE`] channels, and four floats for each position.
#[inline(never)]
pub unsafe fn forward<L: Lanes, F: Lines<L, TILE, PATCH>, const TILE: usize, const PATCH: usize>(
    a: &Conv2dWinograd,
    task: &Task,
) {
    // SAFETY: as above.
    unsafe { convolve::<L, F, AsStored, Plain<L>, TILE, PATCH>(a, task) }
}

/// Of `max(beta + (x - mean)·gamma·rstd, 0)`, computed while x is read.
///
/// # Safety
/// As for [`forward`]; mean, gamma, rstd and beta hold the in channels.
#[inline(never)]
pub unsafe fn forward_of_norm<L: Lanes, F: Lines<L, TILE, PATCH>, const TILE: usize, const PATCH: usize>(
    a: &Conv2dWinograd,
    task: &Task,
) {
    // SAFETY: as above.
    unsafe { convolve::<L, F, Normed<L>, Plain<L>, TILE, PATCH>(a, task) }
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
unsafe fn convolve<L: Lanes, F: Lines<L, TILE, PATCH>, R: Read<L>, E: Epilogue<L>, const TILE: usize, const PATCH: usize>(
    a: &Conv2dWinograd,
    task: &Task,
) {
    let positions = PATCH * PATCH;
    let (depth, out_channels) = (a.in_channels as usize, a.out_channels as usize);
    let grid = Grid::new(TILE, a.out_height, a.out_width);
    let tiles = a.batch as usize * grid.rows * grid.columns;
    let (unit_tiles, unit_channels) = (a.unit_tiles as usize, a.unit_channels as usize);
    let ranges = out_channels.div_ceil(unit_channels);
    let width = RANGE.min(unit_channels);
    let row_step = depth + ROW_GAP;
    let input_step = unit_tiles.next_multiple_of(LOWEST) * row_step + GAP;
    let product_step = unit_tiles.next_multiple_of(LOWEST) * width + GAP;
    let weight_step = position_step(depth, out_channels);
    let x =
        Images { first: a.x, stride: a.x_stride as usize, height: a.height as usize, width: a.width as usize, channels: depth };
    let y = Images {
        first: a.y,
        stride: a.y_stride as usize,
        height: a.out_height as usize,
        width: a.out_width as usize,
        channels: out_channels,
    };
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
                touch_tiles(&Images { first: a.y.add(start), channels: end - start, ..y }, &grid, first..first + count);
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
        }
    }
}

/// Transforms tiles, by their inputs, to rows for each position.
///
/// # Safety
/// As for [`forward`], and what the reading of x asks for.
#[inline(always)]
pub(super) unsafe fn transform_unit<L: Lanes, F: Lines<L, TILE, PATCH>, R: Read<L>, const TILE: usize, const PATCH: usize>(
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
            let corner = (row as isize - a.pad_top as isize, column as isize - a.pad_left as isize);
            let to = input.add((tile - tiles.start) * row_step);
            transform(F::input, |c| R::new(a.norm(), c), x, image, corner, to, input_step, between);
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
        let more = from > 0;
        for column in columns.clone().step_by(PANEL) {
            // SAFETY: the caller vouches for rows and panels.
            unsafe {
                let panel = weights.panel(from, column);
                let rows = |tile: usize| {
                    let to = product.add(tile * range + column - columns.start);
                    ((input.add(tile * row_step + from), row_step), (to, range))
                };
                if columns.end - column > PANEL / 2 {
                    each_tile::<HIGH>(tiles, |tile, height| {
                        let (x, to) = rows(tile);
                        match height {
                            6 if HIGH >= 6 => whole_panel::<L, 6>(x, depth, panel, to, more),
                            5 if HIGH >= 5 => whole_panel::<L, 5>(x, depth, panel, to, more),
                            _ => whole_panel::<L, LOWEST>(x, depth, panel, to, more),
                        }
                    });
                } else {
                    for tile in (0..tiles).step_by(HALF_ROWS) {
                        let (x, to) = rows(tile);
                        if tile + LOWEST < tiles {
                            half_panel::<L>(x, depth, panel, to, more);
                        } else {
                            whole_panel::<L, LOWEST>(x, depth, panel, to, more);
                        }
                    }
                }
            }
        }
    }
}

/// `R` rows by a panel of eight columns, added to products of other slices if there are `more`.
///
/// # Safety
/// As for [`multiply`].
#[inline(always)]
pub(super) unsafe fn whole_panel<L: Lanes, const R: usize>(
    (mut x, row_step): (*const f32, usize),
    depth: usize,
    mut b: *const f32,
    (mut to, range): (*mut f32, usize),
    more: bool,
) {
    // SAFETY: the caller vouches for rows and panels.
    unsafe {
        let end = x.add(depth);
        let mut sums = [[L::zero(); 2]; R];
        while x != end {
            add_products(&mut sums, |r| x.add(r * row_step), b);
            b = b.add(PANEL);
            x = x.add(1);
        }
        for [mut low, mut high] in sums {
            if more {
                (low, high) = (low.add(L::load(to)), high.add(L::load(to.add(4))));
            }
            low.store(to);
            high.store(to.add(4));
            to = to.add(range);
        }
    }
}

/// Eight rows by the first four columns of a panel: as many sums, where no other columns are wanted.
///
/// # Safety
/// As for [`multiply`].
#[inline(always)]
unsafe fn half_panel<L: Lanes>(
    (mut x, row_step): (*const f32, usize),
    depth: usize,
    mut b: *const f32,
    (mut to, range): (*mut f32, usize),
    more: bool,
) {
    // SAFETY: the caller vouches for rows and panels.
    unsafe {
        let end = x.add(depth);
        let mut acc = [L::zero(); HALF_ROWS];
        while x != end {
            let b0 = L::load(b);
            for (r, sum) in acc.iter_mut().enumerate() {
                *sum = sum.madd(L::load_splat(x.add(r * row_step)), b0);
            }
            b = b.add(PANEL);
            x = x.add(1);
        }
        for mut sum in acc {
            if more {
                sum = sum.add(L::load(to));
            }
            sum.store(to);
            to = to.add(range);
        }
    }
}

/// `Aᵀ m A` for each four channels of a range; then the epilogue, for the pixels that exist.
///
/// # Safety
/// The tile's pixels and channels exist; `from` is its first product.
#[inline(always)]
pub(super) unsafe fn write_tile<L: Lanes, F: Lines<L, TILE, PATCH>, E: Epilogue<L>, const TILE: usize, const PATCH: usize>(
    a: &Conv2dWinograd,
    task: &Task,
    (image, y, x): (usize, usize, usize),
    channels: Range<usize>,
    from: *const f32,
    step: usize,
    between: *mut f32,
) {
    let (height, width) = (a.out_height as usize, a.out_width as usize);
    let (rows, columns) = (TILE.min(height - y), TILE.min(width - x));
    let tile = Tile { pixel: (image * height + y) * width + x, rows, columns, values: between };
    for c in channels.clone().step_by(4) {
        // SAFETY: channels end with the range.
        unsafe { write_channels::<L, F, E, TILE, PATCH>(a, task, &tile, c, from.add(c - channels.start), step) };
    }
}

/// # Safety
/// As for [`write_tile`].
#[inline(never)]
unsafe fn write_channels<L: Lanes, F: Lines<L, TILE, PATCH>, E: Epilogue<L>, const TILE: usize, const PATCH: usize>(
    a: &Conv2dWinograd,
    task: &Task,
    tile: &Tile,
    c: usize,
    mut from: *const f32,
    step: usize,
) {
    // SAFETY: the caller vouches for pixels and channels.
    unsafe {
        let mut epilogue = E::new(a, tile, c);
        across_and_down::<L, PATCH, TILE>(
            F::output,
            tile.values,
            |_, _| {
                let value = L::load(from);
                from = from.wrapping_add(step);
                value
            },
            |j, i, value| epilogue.give(a, tile, (i, j), value),
        );
        epilogue.end(a, task, tile, c);
    }
}
