//! Transformed gradients of one partition of the tiles gather in scratch, a unit of tiles at a time, and are transformed
//! back at its end.

use super::read::{AsStored, Normed, Read};
use super::tiles::{Grid, Images, touch_tiles, transform};
use super::{F4, GAP, Lines, lines_4x4 as lines};
use crate::abi::Task;
use crate::conv2d::Conv2dWinogradWeight;
use crate::gemm::PANEL;
use crate::gemm::outer::add_outer_products;
use crate::gemm::tiles::{HIGHEST, LOWEST, each_tile, high};
use crate::lanes::Lanes;

const TILE: usize = 4;
const PATCH: usize = 6;
const POSITIONS: usize = PATCH * PATCH;
/// Rows of a block of four columns.
const HALF_ROWS: usize = 8;

/// # Safety
/// Pointers cover the tensors; channels are multiples of four; scratch holds sums of all positions for one range of
/// channels, the transformed tiles of a unit of both tensors, and 144 floats.
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
    unsafe { outer_product_of::<L, Normed<L>>(a, task) }
}

/// # Safety
/// As for [`outer_product`], and what the reading of x asks for.
#[inline(always)]
unsafe fn outer_product_of<L: Lanes, R: Read<L>>(a: &Conv2dWinogradWeight, task: &Task) {
    let (depth, out_channels) = (a.in_channels as usize, a.out_channels as usize);
    let grid = Grid::new(TILE, a.out_height, a.out_width);
    let units = (a.batch as usize * grid.rows * grid.columns).div_ceil(a.unit_tiles as usize);
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
            for unit in cut(partition)..cut(partition + 1) {
                add_unit::<L, R>(a, &grid, unit, channels.clone(), &sums, unit > cut(partition));
            }
            let dw = a.dw.add(partition * 9 * depth * out_channels);
            write_gradient::<L>(&sums, depth, channels, dw, out_channels);
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
unsafe fn add_unit<L: Lanes, R: Read<L>>(
    a: &Conv2dWinogradWeight,
    grid: &Grid,
    unit: usize,
    channels: core::ops::Range<usize>,
    sums: &Matrices,
    accumulate: bool,
) {
    let depth = a.in_channels as usize;
    let unit_tiles = a.unit_tiles as usize;
    let first = unit * unit_tiles;
    let count = unit_tiles.min(a.batch as usize * grid.rows * grid.columns - first);
    let width = channels.len().next_multiple_of(PANEL);
    let x =
        Images { first: a.x, stride: a.x_stride as usize, height: a.height as usize, width: a.width as usize, channels: depth };
    let dy = Images {
        first: a.dy.wrapping_add(channels.start),
        stride: a.dy_stride as usize,
        height: a.out_height as usize,
        width: a.out_width as usize,
        channels: channels.len(),
    };
    let input = Matrices { first: sums.end(), step: unit_tiles * depth + GAP };
    let gradient = Matrices { first: input.end(), step: unit_tiles * width + GAP };
    let between = gradient.end();
    // SAFETY: the caller vouches for scratch and tensors.
    unsafe {
        touch_tiles(&x, grid, first..first + count);
        touch_tiles(&dy, grid, first..first + count);
        for tile in 0..count {
            let (image, row, column) = grid.place(first + tile);
            let corner = (row as isize - a.pad_top as isize, column as isize - a.pad_left as isize);
            let to = input.first.add(tile * depth);
            transform(<F4 as Lines<L, TILE, PATCH>>::input, |c| R::new(a.norm(), c), &x, image, corner, to, input.step, between);
            let (corner, to) = ((row as isize, column as isize), gradient.first.add(tile * width));
            transform(lines::output_gradient::<L>, |_| AsStored, &dy, image, corner, to, gradient.step, between);
        }
        let add_position = if high() { add_position::<L, HIGHEST> } else { add_position::<L, LOWEST> };
        for p in 0..POSITIONS {
            add_position(input.at(p), depth, gradient.at(p), channels.len(), count, sums.at(p), accumulate);
        }
    }
}

/// `sums[k, j] (+)= Σ_tiles input[tile, k]·gradient[tile, j]`, up to `HIGH` by eight at a time, eight by four where no more are
/// left.
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
    // SAFETY: depth is a multiple of four, width one of eight.
    unsafe {
        each_tile::<HIGH>(depth, |k, height| {
            for j in (0..halves).step_by(PANEL) {
                let (a, b) = ((input.add(k), depth), (gradient.add(j), width));
                let to = (sums.add(k * width + j), width);
                match height {
                    6 if HIGH >= 6 => add_outer_products::<L, 6>(a, b, tiles, to, accumulate),
                    5 if HIGH >= 5 => add_outer_products::<L, 5>(a, b, tiles, to, accumulate),
                    _ => add_outer_products::<L, LOWEST>(a, b, tiles, to, accumulate),
                }
            }
        });
        if halves < width {
            let (gradient, sums) = (gradient.add(halves), sums.add(halves));
            let mut k = 0;
            while k + HALF_ROWS <= depth {
                add_half_block::<L>(input.add(k), depth, gradient, width, tiles, sums.add(k * width), accumulate);
                k += HALF_ROWS;
            }
            if k < depth {
                let (a, b) = ((input.add(k), depth), (gradient, width));
                add_outer_products::<L, LOWEST>(a, b, tiles, (sums.add(k * width), width), accumulate);
            }
        }
    }
}

/// Eight by four: as many sums.
///
/// # Safety
/// As for [`add_position`].
#[inline(always)]
unsafe fn add_half_block<L: Lanes>(
    mut x: *const f32,
    depth: usize,
    mut b: *const f32,
    width: usize,
    tiles: usize,
    mut to: *mut f32,
    accumulate: bool,
) {
    // SAFETY: the caller vouches for rows and columns.
    unsafe {
        let end = b.add(tiles * width);
        let mut acc = [L::zero(); HALF_ROWS];
        while b != end {
            let b0 = L::load(b);
            for (r, sum) in acc.iter_mut().enumerate() {
                *sum = sum.madd(L::load_splat(x.add(r)), b0);
            }
            x = x.add(depth);
            b = b.add(width);
        }
        for mut sum in acc {
            if accumulate {
                sum = sum.add(L::load(to));
            }
            sum.store(to);
            to = to.add(width);
        }
    }
}

/// `Gᵀ u G` for each in channel and four out channels, to `dw[3, 3, depth, out_channels]`.
///
/// # Safety
/// Sums are complete; dw has the channels.
#[inline(never)]
unsafe fn write_gradient<L: Lanes>(
    sums: &Matrices,
    depth: usize,
    channels: core::ops::Range<usize>,
    dw: *mut f32,
    out_channels: usize,
) {
    let width = channels.len().next_multiple_of(PANEL);
    for k in 0..depth {
        for c in channels.clone().step_by(4) {
            // SAFETY: channels end with the range.
            unsafe {
                let from = sums.first.add(k * width + c - channels.start);
                let mut across = [[L::zero(); 3]; PATCH];
                for i in 0..PATCH {
                    let at = |j: usize| L::load(from.add((j * PATCH + i) * sums.step));
                    across[i] = lines::weight_gradient([at(0), at(1), at(2), at(3), at(4), at(5)]);
                }
                for j in 0..3 {
                    let down = core::array::from_fn(|i| across[i][j]);
                    for (i, value) in lines::weight_gradient(down).into_iter().enumerate() {
                        value.store(dw.add(((i * 3 + j) * depth + k) * out_channels + c));
                    }
                }
            }
        }
    }
}
