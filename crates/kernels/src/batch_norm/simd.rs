//! Tiles of pixels, small enough for the first-level cache, walked column by column with the statistics in registers.

use super::{BatchNormApply, BatchNormPartials};
use crate::abi::Task;
use crate::lanes::Lanes;
use crate::loops::{Column, across, load_all, store_all, touch_columns};
use core::ops::Range;

/// Pixels and channels of a tile whose moments are taken: the first-level cache holds it. How moments are joined must not depend on
/// how many channels lie beside each other, so that those of a part of a tensor are part of those of the whole.
const MOMENT_PIXELS: usize = 64;
const MOMENT_CHANNELS: usize = 64;
/// Floats of a tile whose sums are taken: small enough for the first-level cache.
pub const SUM_TILE: usize = 2048;
/// Floats of a tile that is mapped to another: short columns keep to the order of memory.
pub const MAP_TILE: usize = 128;

/// The tiles of about so many floats that make up a chunk, as ranges of pixels.
pub fn tiles(range: Range<usize>, channels: u32, floats: usize) -> impl Iterator<Item = Range<usize>> {
    let pixels = (floats / channels as usize).clamp(floats / 512 + 1, 256);
    range.clone().step_by(pixels).map(move |start| start..range.end.min(start + pixels))
}

/// Joins the mean and squared deviations of a tile to those of the `before` pixels before it.
struct Moments {
    x: *const f32,
    stride: usize,
    pixels: usize,
    before: usize,
    mean: *mut f32,
    squares: *mut f32,
}

impl Column for Moments {
    #[inline(always)]
    unsafe fn down<L: Lanes, const V: usize>(&self, c: usize) {
        let n = self.pixels as f32;
        // SAFETY: the columns lie within the tile.
        unsafe {
            let x = self.x.add(c);
            // Sums of differences lose no bits where the mean is large beside the deviation.
            let first: [L; V] = load_all(x);
            let mut sum = [L::zero(); V];
            for p in 1..self.pixels {
                let value: [L; V] = load_all(x.add(p * self.stride));
                sum = core::array::from_fn(|v| sum[v].add(value[v].sub(first[v])));
            }
            let mut mean: [L; V] = core::array::from_fn(|v| first[v].madd(sum[v], L::splat(1.0 / n)));
            let mut squares = [L::zero(); V];
            for p in 0..self.pixels {
                let value: [L; V] = load_all(x.add(p * self.stride));
                let centred: [L; V] = core::array::from_fn(|v| value[v].sub(mean[v]));
                squares = core::array::from_fn(|v| squares[v].madd(centred[v], centred[v]));
            }
            if self.before > 0 {
                let share = n / (self.before as f32 + n);
                let weight = share * self.before as f32;
                let old_mean: [L; V] = load_all(self.mean.add(c));
                let old_squares: [L; V] = load_all(self.squares.add(c));
                let delta: [L; V] = core::array::from_fn(|v| mean[v].sub(old_mean[v]));
                mean = core::array::from_fn(|v| old_mean[v].madd(delta[v], L::splat(share)));
                squares = core::array::from_fn(|v| old_squares[v].add(squares[v]).madd(delta[v].mul(delta[v]), L::splat(weight)));
            }
            store_all(mean, self.mean.add(c));
            store_all(squares, self.squares.add(c));
        }
    }
}

/// # Safety
/// As for the reference.
#[inline(never)]
pub unsafe fn partials<L: Lanes>(a: &BatchNormPartials, task: &Task) {
    let (channels, range) = (a.channels as usize, task.range(a.pixels));
    // SAFETY: the tiles lie within the chunk's pixels.
    unsafe {
        let mean = a.partials.add(2 * channels * task.chunk as usize);
        for start in range.clone().step_by(MOMENT_PIXELS) {
            let pixels = MOMENT_PIXELS.min(range.end - start);
            for first in (0..channels).step_by(MOMENT_CHANNELS) {
                let column = Moments {
                    x: a.x.add(start * a.x_stride as usize),
                    stride: a.x_stride as usize,
                    pixels,
                    before: start - range.start,
                    mean,
                    squares: mean.add(channels),
                };
                let block = first..channels.min(first + MOMENT_CHANNELS);
                touch_columns(column.x.add(first), column.stride, pixels, block.len());
                across::<L, 4>(&column, block);
            }
        }
    }
}

struct Affine<const RELU: bool> {
    x: *const f32,
    x_stride: usize,
    y: *mut f32,
    y_stride: usize,
    pixels: usize,
    mean: *const f32,
    scale: *const f32,
    beta: *const f32,
}

impl<const RELU: bool> Column for Affine<RELU> {
    #[inline(always)]
    unsafe fn down<L: Lanes, const V: usize>(&self, c: usize) {
        // SAFETY: the columns lie within the tile.
        unsafe {
            let mean: [L; V] = load_all(self.mean.add(c));
            let scale: [L; V] = load_all(self.scale.add(c));
            let beta: [L; V] = load_all(self.beta.add(c));
            let (mut x, mut y) = (self.x.add(c), self.y.add(c));
            for _ in 0..self.pixels {
                for v in 0..V {
                    let centred = L::load(x.add(v * L::WIDTH)).sub(mean[v]);
                    let value = beta[v].madd(centred, scale[v]);
                    let value = if RELU { value.zero_below(L::zero()) } else { value };
                    value.store(y.add(v * L::WIDTH));
                }
                (x, y) = (x.add(self.x_stride), y.add(self.y_stride));
            }
        }
    }
}

/// # Safety
/// As for the reference.
#[inline(never)]
pub unsafe fn apply<L: Lanes>(a: &BatchNormApply, task: &Task) {
    // SAFETY: the tiles lie within the chunk's pixels.
    unsafe {
        match a.relu {
            0 => affine::<L, false>(a, task),
            _ => affine::<L, true>(a, task),
        }
    }
}

/// # Safety
/// As for the reference.
#[inline(always)]
pub unsafe fn affine<L: Lanes, const RELU: bool>(a: &BatchNormApply, task: &Task) {
    let (x_stride, y_stride) = (a.x_stride as usize, a.y_stride as usize);
    for tile in tiles(task.range(a.pixels), a.channels, MAP_TILE) {
        // SAFETY: the tile lies within the chunk's pixels.
        unsafe {
            let column = Affine::<RELU> {
                x: a.x.add(tile.start * x_stride),
                x_stride,
                y: a.y.add(tile.start * y_stride),
                y_stride,
                pixels: tile.len(),
                mean: a.mean,
                scale: a.scale,
                beta: a.beta,
            };
            across::<L, 4>(&column, 0..a.channels as usize);
        }
    }
}
