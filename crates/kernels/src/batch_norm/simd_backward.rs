//! The backward passes, in the tiles of the forward passes.

use super::simd::{MAP_TILE, SUM_TILE, tiles};
use super::{BatchNormBackwardApply, BatchNormBackwardPartials};
use crate::abi::Task;
use crate::lanes::Lanes;
use crate::loops::{Column, across, load_all, store_all, touch};

/// Adds the sums of a tile to those of the tiles before it.
struct Sums<const RELU: bool> {
    dy: *const f32,
    dy_stride: usize,
    x: *const f32,
    x_stride: usize,
    y: *const f32,
    y_stride: usize,
    pixels: usize,
    mean: *const f32,
    first: bool,
    sum: *mut f32,
    product: *mut f32,
}

impl<const RELU: bool> Column for Sums<RELU> {
    #[inline(always)]
    unsafe fn down<L: Lanes, const V: usize>(&self, c: usize) {
        // SAFETY: the columns lie within the tile.
        unsafe {
            let mean: [L; V] = load_all(self.mean.add(c));
            let (mut sum, mut product) = ([L::zero(); V], [L::zero(); V]);
            for p in 0..self.pixels {
                for v in 0..V {
                    let i = c + v * L::WIDTH;
                    let d = L::load(self.dy.add(p * self.dy_stride + i));
                    let d = if RELU { d.keep_where_positive(L::load(self.y.add(p * self.y_stride + i))) } else { d };
                    sum[v] = sum[v].add(d);
                    product[v] = product[v].madd(d, L::load(self.x.add(p * self.x_stride + i)).sub(mean[v]));
                }
            }
            if !self.first {
                let (old_sum, old_product): ([L; V], [L; V]) = (load_all(self.sum.add(c)), load_all(self.product.add(c)));
                sum = core::array::from_fn(|v| old_sum[v].add(sum[v]));
                product = core::array::from_fn(|v| old_product[v].add(product[v]));
            }
            store_all(sum, self.sum.add(c));
            store_all(product, self.product.add(c));
        }
    }
}

/// # Safety
/// As for the reference.
#[inline(never)]
pub unsafe fn backward_partials<L: Lanes>(a: &BatchNormBackwardPartials, task: &Task) {
    // SAFETY: as above.
    unsafe {
        match a.y.is_null() {
            true => sums::<L, false>(a, task),
            false => sums::<L, true>(a, task),
        }
    }
}

/// # Safety
/// As for the reference.
#[inline(always)]
unsafe fn sums<L: Lanes, const RELU: bool>(a: &BatchNormBackwardPartials, task: &Task) {
    let (channels, range) = (a.channels as usize, task.range(a.pixels));
    let [dy_stride, x_stride, y_stride] = [a.dy_stride, a.x_stride, a.y_stride].map(|stride| stride as usize);
    // SAFETY: the tiles lie within the chunk's pixels; y is read only when it is there.
    unsafe {
        let sum = a.partials.add(2 * channels * task.chunk as usize);
        for tile in tiles(range.clone(), a.channels, SUM_TILE) {
            let column = Sums::<RELU> {
                dy: a.dy.add(tile.start * dy_stride),
                dy_stride,
                x: a.x.add(tile.start * x_stride),
                x_stride,
                y: a.y.wrapping_add(tile.start * y_stride),
                y_stride,
                pixels: tile.len(),
                mean: a.mean,
                first: tile.start == range.start,
                sum,
                product: sum.add(channels),
            };
            touch(column.dy, dy_stride, column.pixels, channels);
            touch(column.x, x_stride, column.pixels, channels);
            if RELU {
                touch(column.y, y_stride, column.pixels, channels);
            }
            across::<L, 2>(&column, 0..channels);
        }
    }
}

struct Gradient<const RELU: bool> {
    dy: *const f32,
    dy_stride: usize,
    x: *const f32,
    x_stride: usize,
    y: *const f32,
    y_stride: usize,
    dx: *mut f32,
    dx_stride: usize,
    pixels: usize,
    mean: *const f32,
    factors: [*const f32; 3],
}

impl<const RELU: bool> Column for Gradient<RELU> {
    #[inline(always)]
    unsafe fn down<L: Lanes, const V: usize>(&self, c: usize) {
        // SAFETY: the columns lie within the tile.
        unsafe {
            let mean: [L; V] = load_all(self.mean.add(c));
            let [scale, slope, shift]: [[L; V]; 3] = self.factors.map(|row| load_all(row.add(c)));
            for p in 0..self.pixels {
                for v in 0..V {
                    let i = c + v * L::WIDTH;
                    let d = L::load(self.dy.add(p * self.dy_stride + i));
                    let d = if RELU { d.keep_where_positive(L::load(self.y.add(p * self.y_stride + i))) } else { d };
                    let centred = L::load(self.x.add(p * self.x_stride + i)).sub(mean[v]);
                    let dx = shift[v].madd(centred, slope[v]).madd(d, scale[v]);
                    dx.store(self.dx.add(p * self.dx_stride + i));
                }
            }
        }
    }
}

/// # Safety
/// As for the reference.
#[inline(never)]
pub unsafe fn backward_apply<L: Lanes>(a: &BatchNormBackwardApply, task: &Task) {
    // SAFETY: as above.
    unsafe {
        match a.y.is_null() {
            true => gradient::<L, false>(a, task),
            false => gradient::<L, true>(a, task),
        }
    }
}

/// # Safety
/// As for the reference.
#[inline(always)]
unsafe fn gradient<L: Lanes, const RELU: bool>(a: &BatchNormBackwardApply, task: &Task) {
    let channels = a.channels as usize;
    let [dy_stride, x_stride, y_stride, dx_stride] =
        [a.dy_stride, a.x_stride, a.y_stride, a.dx_stride].map(|stride| stride as usize);
    for tile in tiles(task.range(a.pixels), a.channels, MAP_TILE) {
        // SAFETY: the tile lies within the chunk's pixels; y is read only when it is there.
        unsafe {
            let column = Gradient::<RELU> {
                dy: a.dy.add(tile.start * dy_stride),
                dy_stride,
                x: a.x.add(tile.start * x_stride),
                x_stride,
                y: a.y.wrapping_add(tile.start * y_stride),
                y_stride,
                dx: a.dx.add(tile.start * dx_stride),
                dx_stride,
                pixels: tile.len(),
                mean: a.mean,
                factors: [0, 1, 2].map(|row| a.factors.add(row * channels)),
            };
            across::<L, 2>(&column, 0..channels);
        }
    }
}
