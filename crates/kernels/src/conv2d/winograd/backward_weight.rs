//! Transformed gradients of one partition of the tiles gather in scratch, a unit of tiles at a time, and are transformed
//! back at its end.

use super::lines_4x4::OutputGradient;
use super::read::{AsStored, Normed, Read};
use super::tiles::{Grid, Images, Input, across_and_down, touch_tiles, transform};
use super::{F4, GAP, lines_4x4 as lines};
use crate::abi::Task;
use crate::conv2d::Conv2dWinogradWeight;
use crate::gemm::PANEL;
use crate::gemm::outer::add_outer_products;
use crate::gemm::tiles::{HIGHEST, LOWEST, Tile, each_tile, high};
use crate::lanes::{Lanes, split};
use core::marker::PhantomData;

const TILE: usize = 4;
const PATCH: usize = 6;
const POSITIONS: usize = PATCH * PATCH;
/// Rows of a block of half a panel's columns.
const HALF_ROWS: usize = 8;

/// # Safety
/// Pointers cover the tensors; channels are multiples of four; scratch holds sums of all positions for one range of
/// channels, the transformed tiles of a unit of both tensors, and 36 vectors.
#[inline(never)]
pub unsafe fn outer_product<L: Lanes>(a: &Conv2dWinogradWeight, task: &Task) {
    // SAFETY: as above.
    unsafe { outer_product_of::<L, AsStored>(a, task) }
}

/// With `max(beta + (x - mean)·gamma·rstd, 0)` for x, computed while it is read.
///
/// # Safety
/// As for [`outer_product`]; mean, gamma, rstd and beta hold the in channels.
#[inline(never)]
pub unsafe fn outer_product_of_norm<L: Lanes>(a: &Conv2dWinogradWeight, task: &Task) {
    // SAFETY: as above.
    unsafe { outer_product_of::<L, Normed>(a, task) }
}

/// # Safety
/// As for [`outer_product`], and what the reading of x asks for.
#[inline(always)]
unsafe fn outer_product_of<L: Lanes, R: Read>(a: &Conv2dWinogradWeight, task: &Task) {
    let (depth, out_channels) = (a.geometry.in_channels as usize, a.geometry.out_channels as usize);
    let grid = Grid::new(TILE, &a.geometry);
    let units = (a.geometry.batch as usize * grid.rows * grid.columns).div_ceil(a.unit_tiles as usize);
    let ranges = out_channels.div_ceil(a.unit_channels as usize);
    for item in task.range(a.partitions * ranges as u32) {
        let first = item % ranges * a.unit_channels as usize;
        let channels = first..out_channels.min(first + a.unit_channels as usize);
        let cut = |q: usize| units * q / a.partitions as usize;
        let partition = item / ranges;
        let width = channels.len().next_multiple_of(PANEL);
        // SAFETY: the caller vouches for scratch; partitions end with the units, ranges with the channels.
        unsafe {
            let sums = Matrices { first: task.scratch, step: depth * width + GAP };
            let between = sums.end().add(POSITIONS * (a.unit_tiles as usize * (depth + width) + 2 * GAP));
            for unit in cut(partition)..cut(partition + 1) {
                add_unit::<L, R>(a, &grid, unit, channels.clone(), &sums, between, unit > cut(partition));
            }
            let dw = a.dw.add(partition * 9 * depth * out_channels);
            write_gradient::<L>(&sums, depth, channels, dw, out_channels, between);
        }
    }
}

/// One matrix for each position.
#[derive(Clone, Copy)]
struct Matrices {
    first: *mut f32,
    step: usize,
}

impl Matrices {
    #[inline(always)]
    fn at(&self, position: usize) -> *mut f32 {
        self.first.wrapping_add(position * self.step)
    }
    fn end(&self) -> *mut f32 {
        self.at(POSITIONS)
    }
}

/// Adds the products of a unit's tiles to the sums, or starts them.
///
/// # Safety
/// As for [`outer_product`].
#[inline(always)]
unsafe fn add_unit<L: Lanes, R: Read>(
    a: &Conv2dWinogradWeight,
    grid: &Grid,
    unit: usize,
    channels: core::ops::Range<usize>,
    sums: &Matrices,
    between: *mut f32,
    accumulate: bool,
) {
    let depth = a.geometry.in_channels as usize;
    let unit_tiles = a.unit_tiles as usize;
    let first = unit * unit_tiles;
    let count = unit_tiles.min(a.geometry.batch as usize * grid.rows * grid.columns - first);
    let width = channels.len().next_multiple_of(PANEL);
    let x = Images::of_x(a.x, a.x_stride, &a.geometry);
    let dy = Images::of_y(a.dy, a.dy_stride, &a.geometry).channels(channels.clone());
    let input = Matrices { first: sums.end(), step: unit_tiles * depth + GAP };
    let gradient = Matrices { first: input.end(), step: unit_tiles * width + GAP };
    // SAFETY: the caller vouches for scratch and tensors.
    unsafe {
        touch_tiles(&x, grid, first..first + count);
        touch_tiles(&dy, grid, first..first + count);
        for tile in 0..count {
            let (image, row, column) = grid.place(first + tile);
            let corner = (row as isize - a.geometry.pad_top as isize, column as isize - a.geometry.pad_left as isize);
            let to = input.first.add(tile * depth);
            transform::<L, Input<F4, TILE>, R, PATCH, PATCH>(a.norm, &x, image, corner, to, input.step, between);
            let (corner, to) = ((row as isize, column as isize), gradient.first.add(tile * width));
            transform::<L, OutputGradient, AsStored, TILE, PATCH>(a.norm, &dy, image, corner, to, gradient.step, between);
        }
        let add_position = if high() { add_position::<L, HIGHEST> } else { add_position::<L, LOWEST> };
        for p in 0..POSITIONS {
            add_position(input.at(p), depth, gradient.at(p), channels.len(), count, sums.at(p), accumulate);
        }
    }
}

/// `sums[k, j] (+)= Σ_tiles input[tile, k]·gradient[tile, j]`, up to `HIGH` rows by a panel at a time, eight by half of one where no
/// more is left.
///
/// # Safety
/// Both have `tiles` rows, of `depth` floats and of `columns` in whole panels; sums are rows like those of the gradient.
#[inline(never)]
unsafe fn add_position<L: Lanes, const HIGH: usize>(
    input: *const f32,
    depth: usize,
    gradient: *const f32,
    columns: usize,
    tiles: usize,
    sums: *mut f32,
    accumulate: bool,
) {
    let width = columns.next_multiple_of(PANEL);
    let halves = if width - columns >= PANEL / 2 { width - PANEL } else { width };
    let products = Products { input, depth, gradient, width, halves, tiles, sums, accumulate, lanes: PhantomData::<L> };
    // SAFETY: depth is a multiple of four, width one of a panel.
    unsafe {
        each_tile::<HIGH>(depth, &products);
        if halves < width {
            let whole = depth - depth % HALF_ROWS;
            for k in (0..whole).step_by(HALF_ROWS) {
                products.add::<HALF_ROWS, 1>(k, halves);
            }
            if whole < depth {
                products.add::<LOWEST, 1>(whole, halves);
            }
        }
    }
}

/// The products of one position.
struct Products<L> {
    input: *const f32,
    depth: usize,
    gradient: *const f32,
    width: usize,
    /// Columns in whole panels.
    halves: usize,
    tiles: usize,
    sums: *mut f32,
    accumulate: bool,
    lanes: PhantomData<L>,
}

impl<L: Lanes> Products<L> {
    /// # Safety
    /// As for [`add_position`]: `R` rows and `V` vectors of columns exist.
    #[inline(always)]
    unsafe fn add<const R: usize, const V: usize>(&self, row: usize, column: usize) {
        // SAFETY: the caller vouches for rows and columns.
        unsafe {
            let (a, b) = ((self.input.add(row), self.depth), (self.gradient.add(column), self.width));
            let to = (self.sums.add(row * self.width + column), self.width);
            add_outer_products::<L, R, V>(a, b, self.tiles, to, self.accumulate);
        }
    }
}

impl<L: Lanes> Tile for &Products<L> {
    #[inline(always)]
    unsafe fn rows<const R: usize>(&self, row: usize, _: usize) {
        for column in (0..self.halves).step_by(PANEL) {
            // SAFETY: as above; depth is a multiple of four, and so no tile has rows beyond it.
            unsafe { self.add::<R, 2>(row, column) };
        }
    }
}

/// `Gᵀ u G` for each in channel and vector of out channels, to `dw[3, 3, depth, out_channels]`.
///
/// # Safety
/// Sums are complete; dw has the channels; for `between` see [`across_and_down`].
#[inline(never)]
unsafe fn write_gradient<L: Lanes>(
    sums: &Matrices,
    depth: usize,
    channels: core::ops::Range<usize>,
    dw: *mut f32,
    out_channels: usize,
    between: *mut f32,
) {
    let width = channels.len().next_multiple_of(PANEL);
    let first = channels.start;
    let [whole, rest] = split::<L>(channels);
    for k in 0..depth {
        // SAFETY: channels end with the range.
        unsafe {
            for c in whole.clone().step_by(L::WIDTH) {
                let to = dw.add(k * out_channels + c);
                write_channels::<L>(sums.first.add(k * width + c - first), sums.step, to, depth * out_channels, between);
            }
            if L::Rest::WIDTH < L::WIDTH {
                for c in rest.clone().step_by(L::Rest::WIDTH) {
                    let to = dw.add(k * out_channels + c);
                    write_channels::<L::Rest>(
                        sums.first.add(k * width + c - first),
                        sums.step,
                        to,
                        depth * out_channels,
                        between,
                    );
                }
            }
        }
    }
}

/// A vector of out channels, from positions `step` floats apart to taps `tap` floats apart.
///
/// # Safety
/// As for [`write_gradient`].
#[inline(always)]
unsafe fn write_channels<L: Lanes>(from: *const f32, step: usize, to: *mut f32, tap: usize, between: *mut f32) {
    // SAFETY: the caller vouches for positions and taps.
    unsafe {
        across_and_down::<L, PATCH, 3>(
            lines::weight_gradient,
            between,
            |i, j| L::load(from.add((j * PATCH + i) * step)),
            |i, j, value| value.store(to.add((i * 3 + j) * tap)),
        );
    }
}
