//! From images to transformed tiles.

use super::read::Read;
use super::{Lines, Norm};
use crate::conv2d::ConvGeometry;
use crate::lanes::{Lanes, split};
use crate::loops::touch;
use core::marker::PhantomData;
use core::ops::Range;

/// Images in NHWC, one range of their channels.
#[derive(Clone, Copy)]
pub struct Images {
    pub first: *const f32,
    pub stride: usize,
    pub height: usize,
    pub width: usize,
    pub channels: usize,
}

impl Images {
    /// What a convolution reads.
    pub fn of_x(first: *const f32, stride: u32, g: &ConvGeometry) -> Self {
        Self {
            first,
            stride: stride as usize,
            height: g.height as usize,
            width: g.width as usize,
            channels: g.in_channels as usize,
        }
    }
    /// What it writes.
    pub fn of_y(first: *const f32, stride: u32, g: &ConvGeometry) -> Self {
        Self {
            first,
            stride: stride as usize,
            height: g.out_height as usize,
            width: g.out_width as usize,
            channels: g.out_channels as usize,
        }
    }
    /// A range of these channels.
    #[inline(always)]
    pub fn channels(&self, range: Range<usize>) -> Self {
        Self { first: self.first.wrapping_add(range.start), channels: range.len(), ..*self }
    }
}

/// The tiles of all images, row by row, image after image.
#[derive(Clone, Copy)]
pub struct Grid {
    pub rows: usize,
    pub columns: usize,
    /// Rows and columns of outputs that a tile covers.
    pub tile: usize,
}

impl Grid {
    pub fn new(tile: usize, g: &ConvGeometry) -> Self {
        Self { rows: (g.out_height as usize).div_ceil(tile), columns: (g.out_width as usize).div_ceil(tile), tile }
    }
    /// The same tiles by their inputs, which start `stride` times as far apart.
    pub fn of_inputs(&self, stride: usize) -> Self {
        Self { tile: self.tile * stride, ..*self }
    }
    /// Image, and first row and column of a tile.
    #[inline(always)]
    pub fn place(&self, tile: usize) -> (usize, usize, usize) {
        let (row, column) = (tile / self.columns, tile % self.columns);
        (row / self.rows, row % self.rows * self.tile, column * self.tile)
    }
}

/// Reads a float of each cache line of the pixels that a run of tiles covers, in the order of memory: the hardware's
/// prefetcher follows that, and not the jumps from square to square.
///
/// # Safety
/// The images cover the tiles.
#[inline(never)]
pub unsafe fn touch_tiles(images: &Images, grid: &Grid, tiles: Range<usize>) {
    let mut tile = tiles.start;
    while tile < tiles.end {
        let (image, row, column) = grid.place(tile);
        let run = (grid.columns - column / grid.tile).min(tiles.end - tile);
        let columns = column.min(images.width)..images.width.min(column + run * grid.tile);
        for y in row..images.height.min(row + grid.tile) {
            let first = (image * images.height + y) * images.width + columns.start;
            // SAFETY: rows and columns lie in the image.
            unsafe { touch(images.first.add(first * images.stride), images.stride, columns.len(), images.channels) };
        }
        tile += run;
    }
}

/// The transform of one line of a square.
pub trait Line<const S: usize, const P: usize> {
    fn of<L: Lanes>(line: [L; S]) -> [L; P];
}

/// That of a tile's inputs, by its lines.
pub struct Input<F, const TILE: usize>(PhantomData<F>);

impl<F: Lines<TILE, PATCH>, const TILE: usize, const PATCH: usize> Line<PATCH, PATCH> for Input<F, TILE> {
    #[inline(always)]
    fn of<L: Lanes>(line: [L; PATCH]) -> [L; PATCH] {
        F::input(line)
    }
}

/// Transforms a square of `S` rows and columns of an image, from (y, x) on and zero outside, for each vector of channels as read.
/// Positions of the result are `step` floats apart, column by column.
///
/// # Safety
/// The image exists, `to` takes one tile of all positions; for `between` see [`across_and_down`].
#[inline(always)]
pub unsafe fn transform<L: Lanes, T: Line<S, P>, R: Read, const S: usize, const P: usize>(
    norm: Norm,
    images: &Images,
    image: usize,
    (y, x): (isize, isize),
    to: *mut f32,
    step: usize,
    between: *mut f32,
) {
    let (height, width) = (images.height as isize, images.width as isize);
    let pixel = (image as isize * height + y) * width + x;
    let square = Square {
        first: images.first.wrapping_offset(pixel * images.stride as isize),
        row: images.width * images.stride,
        pixel: images.stride,
        rows: inside::<S>(y, height),
        columns: inside::<S>(x, width),
    };
    let [whole, rest] = split::<L>(0..images.channels);
    // SAFETY: the caller vouches for the image and the result.
    unsafe {
        square.transform::<L, T, R, S, P>(norm, whole, to, step, between);
        if L::Rest::WIDTH < L::WIDTH {
            square.transform::<L::Rest, T, R, S, P>(norm, rest, to, step, between);
        }
    }
}

/// A square of pixels, some of whose rows and columns lie in the image: those whose bit is set.
struct Square {
    first: *const f32,
    /// Floats from row to row and from pixel to pixel.
    row: usize,
    pixel: usize,
    rows: u32,
    columns: u32,
}

impl Square {
    /// # Safety
    /// As for [`transform`]; the channels are whole vectors.
    #[inline(always)]
    unsafe fn transform<L: Lanes, T: Line<S, P>, R: Read, const S: usize, const P: usize>(
        &self,
        norm: Norm,
        channels: Range<usize>,
        to: *mut f32,
        step: usize,
        between: *mut f32,
    ) {
        let whole = (1 << S) - 1;
        for c in channels.step_by(L::WIDTH) {
            // SAFETY: only pixels inside the image are read.
            unsafe {
                let (from, to, read) = (self.first.wrapping_add(c), to.add(c), R::at::<L>(norm, c));
                if self.rows & self.columns == whole {
                    whole_square::<L, T, R, S, P>(read, from, self.row, self.pixel, to, step, between);
                } else {
                    let inside = (self.rows, self.columns);
                    partial_square::<L, T, R, S, P>(read, from, self.row, self.pixel, inside, to, step, between);
                }
            }
        }
    }
}

/// Bit i is set where `start + i` lies in `0..end`, for `i < S`.
#[inline(always)]
fn inside<const S: usize>(start: isize, end: isize) -> u32 {
    let first = (-start).clamp(0, S as isize);
    let last = (end - start).clamp(first, S as isize);
    (1 << last) - (1 << first)
}

/// # Safety
/// As for [`transform`], and the square lies in the image.
#[inline(never)]
unsafe fn whole_square<L: Lanes, T: Line<S, P>, R: Read, const S: usize, const P: usize>(
    read: R::At<L>,
    from: *const f32,
    row: usize,
    pixel: usize,
    mut to: *mut f32,
    step: usize,
    between: *mut f32,
) {
    // A pointer that moves: with one that stays compilers take the halves of a vector for places with nothing in common.
    let mut line = from;
    // SAFETY: the caller vouches for both tiles.
    unsafe {
        across_and_down(
            T::of,
            between,
            |_, j| {
                let x = R::of(read, L::load(line.wrapping_add(j * pixel)));
                if j + 1 == S {
                    line = line.wrapping_add(row);
                }
                x
            },
            |_, _, value| {
                value.store(to);
                to = to.wrapping_add(step);
            },
        );
    }
}

/// Outside the image a pixel inside is read and masked: loads without branches between them.
///
/// # Safety
/// As for [`transform`]; rows and columns whose bit is set lie in the image.
#[inline(never)]
unsafe fn partial_square<L: Lanes, T: Line<S, P>, R: Read, const S: usize, const P: usize>(
    read: R::At<L>,
    from: *const f32,
    row: usize,
    pixel: usize,
    (rows, columns): (u32, u32),
    mut to: *mut f32,
    step: usize,
    between: *mut f32,
) {
    let live: [L; S] = core::array::from_fn(|j| L::splat((columns >> j & 1) as f32));
    let inside = |j: usize| j.clamp(columns.trailing_zeros() as usize, 31 - columns.leading_zeros() as usize);
    let offsets: [usize; S] = core::array::from_fn(|j| if columns == 0 { 0 } else { inside(j) * pixel });
    let mut line = from;
    // SAFETY: the caller vouches for both tiles.
    unsafe {
        // One line of code for all: written out they are a tenth of the module.
        for i in 0..core::hint::black_box(S) {
            let across = if columns != 0 && rows >> i & 1 == 1 {
                let at = |j: usize| R::of(read, L::load(line.wrapping_add(offsets[j])));
                T::of(core::array::from_fn(|j| at(j).keep_where_positive(live[j])))
            } else {
                [L::zero(); P]
            };
            keep(across, i, between);
            line = line.wrapping_add(row);
        }
        down::<L, S, P>(T::of, between, |_, _, value| {
            value.store(to);
            to = to.wrapping_add(step);
        });
    }
}

/// Transforms lines of a square, then the lines across them: takes values (i, j) in the order of i, gives values (i, j) of
/// the result in the order of j. What lies between is kept in memory on purpose: the vectors of a square do not fit the registers,
/// and a compiler that sees them all loads them all first.
///
/// # Safety
/// `between` takes `S·R` vectors.
#[inline(always)]
pub unsafe fn across_and_down<L: Lanes, const S: usize, const R: usize>(
    line: impl Fn([L; S]) -> [L; R],
    between: *mut f32,
    mut take: impl FnMut(usize, usize) -> L,
    give: impl FnMut(usize, usize, L),
) {
    // SAFETY: i and j are below S and R.
    unsafe {
        for i in 0..S {
            keep(line(core::array::from_fn(|j| take(i, j))), i, between);
        }
        down::<L, S, R>(line, between, give);
    }
}

/// Keeps line `i` for [`down`].
///
/// # Safety
/// As for [`across_and_down`].
#[inline(always)]
unsafe fn keep<L: Lanes, const R: usize>(across: [L; R], i: usize, between: *mut f32) {
    for (j, value) in across.into_iter().enumerate() {
        // SAFETY: i and j are below S and R.
        unsafe { value.store(between.add(L::WIDTH * R * i).add(L::WIDTH * j)) };
    }
}

/// # Safety
/// As for [`across_and_down`], whose second half this is.
#[inline(always)]
unsafe fn down<L: Lanes, const S: usize, const R: usize>(
    line: impl Fn([L; S]) -> [L; R],
    between: *const f32,
    mut give: impl FnMut(usize, usize, L),
) {
    for j in 0..R {
        // SAFETY: i and j are below S and R.
        let down = line(core::array::from_fn(|i| unsafe { L::load(between.add(L::WIDTH * j).add(L::WIDTH * R * i)) }));
        for i in 0..R {
            give(i, j, down[i]);
        }
    }
}
