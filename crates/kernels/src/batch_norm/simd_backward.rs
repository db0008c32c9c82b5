//! The backward passes, in the tiles of the forward passes.

use super::simd::{MAP_TILE, SUM_TILE, tiles};
use super::{BatchNormBackwardApply, BatchNormBackwardPartials};
use crate::abi::Task;
use crate::lanes::Lanes;
use crate::loops::{Column, across, load_all, store_all, touch_columns};

/// A gradient counts everywhere.
pub const EVERYWHERE: u8 = 0;
/// A gradient counts where y is positive.
const BY_OUTPUT: u8 = 1;
/// A gradient counts where `beta + (x - mean)·scale` is positive: the bits of y before it is clipped.
const BY_INPUT: u8 = 2;

/// Picks one of the masks above by the pointers of a step.
macro_rules! masked {
    ($kernel:ident, $a:expr, $task:expr) => {
        match ($a.y.is_null(), $a.beta.is_null()) {
            (false, _) => $kernel::<L, BY_OUTPUT>($a, $task),
            (true, false) => $kernel::<L, BY_INPUT>($a, $task),
            (true, true) => $kernel::<L, EVERYWHERE>($a, $task),
        }
    };
}

/// Columns of `V` vectors from `p` on, or nothing where they are not wanted.
///
/// # Safety
/// If they are wanted, `V · L::WIDTH` readable floats.
#[inline(always)]
unsafe fn load_if<L: Lanes, const V: usize>(wanted: bool, p: *const f32) -> [L; V] {
    // SAFETY: the caller vouches for what is wanted.
    if wanted { unsafe { load_all(p) } } else { [L::zero(); V] }
}

/// Adds the sums of a tile to those of the tiles before it.
struct Sums<const MASK: u8> {
    dy: *const f32,
    dy_stride: usize,
    x: *const f32,
    x_stride: usize,
    y: *const f32,
    y_stride: usize,
    pixels: usize,
    mean: *const f32,
    gamma: *const f32,
    rstd: *const f32,
    beta: *const f32,
    first: bool,
    sum: *mut f32,
    product: *mut f32,
}

impl<const MASK: u8> Column for Sums<MASK> {
    #[inline(always)]
    unsafe fn down<L: Lanes, const V: usize>(&self, c: usize) {
        // SAFETY: the columns lie within the tile.
        unsafe {
            let mean: [L; V] = load_all(self.mean.add(c));
            let wanted = MASK == BY_INPUT;
            let beta: [L; V] = load_if(wanted, self.beta.wrapping_add(c));
            let gamma: [L; V] = load_if(wanted, self.gamma.wrapping_add(c));
            let rstd: [L; V] = load_if(wanted, self.rstd.wrapping_add(c));
            let scale: [L; V] = core::array::from_fn(|v| gamma[v].mul(rstd[v]));
            let (mut sum, mut product) = ([L::zero(); V], [L::zero(); V]);
            for p in 0..self.pixels {
                for v in 0..V {
                    let i = c + v * L::WIDTH;
                    let centred = L::load(self.x.add(p * self.x_stride + i)).sub(mean[v]);
                    let mut d = L::load(self.dy.add(p * self.dy_stride + i));
                    match MASK {
                        BY_OUTPUT => d = d.keep_where_positive(L::load(self.y.add(p * self.y_stride + i))),
                        BY_INPUT => d = d.keep_where_positive(beta[v].madd(centred, scale[v])),
                        _ => {}
                    }
                    sum[v] = sum[v].add(d);
                    product[v] = product[v].madd(d, centred);
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
    unsafe { masked!(sums, a, task) }
}

/// # Safety
/// As for the reference.
#[inline(always)]
pub unsafe fn sums<L: Lanes, const MASK: u8>(a: &BatchNormBackwardPartials, task: &Task) {
    let (channels, range) = (a.channels as usize, task.range(a.pixels));
    let [dy_stride, x_stride, y_stride] = [a.dy_stride, a.x_stride, a.y_stride].map(|stride| stride as usize);
    // SAFETY: the tiles lie within the chunk's pixels; y is read only when it is there.
    unsafe {
        let sum = a.partials.add(2 * channels * task.chunk as usize);
        for tile in tiles(range.clone(), a.channels, SUM_TILE) {
            let column = Sums::<MASK> {
                dy: a.dy.add(tile.start * dy_stride),
                dy_stride,
                x: a.x.add(tile.start * x_stride),
                x_stride,
                y: a.y.wrapping_add(tile.start * y_stride),
                y_stride,
                pixels: tile.len(),
                mean: a.mean,
                gamma: a.gamma,
                rstd: a.rstd,
                beta: a.beta,
                first: tile.start == range.start,
                sum,
                product: sum.add(channels),
            };
            touch_columns(column.dy, dy_stride, column.pixels, channels);
            touch_columns(column.x, x_stride, column.pixels, channels);
            if MASK == BY_OUTPUT {
                touch_columns(column.y, y_stride, column.pixels, channels);
            }
            across::<L, 2>(&column, 0..channels);
        }
    }
}

struct Gradient<const MASK: u8, const RESIDUAL: bool> {
    dy: *const f32,
    dy_stride: usize,
    x: *const f32,
    x_stride: usize,
    y: *const f32,
    y_stride: usize,
    residual: *const f32,
    residual_stride: usize,
    dx: *mut f32,
    dx_stride: usize,
    pixels: usize,
    mean: *const f32,
    beta: *const f32,
    factors: [*const f32; 3],
}

impl<const MASK: u8, const RESIDUAL: bool> Column for Gradient<MASK, RESIDUAL> {
    #[inline(always)]
    unsafe fn down<L: Lanes, const V: usize>(&self, c: usize) {
        // SAFETY: the columns lie within the tile.
        unsafe {
            let mean: [L; V] = load_all(self.mean.add(c));
            let [scale, slope, shift]: [[L; V]; 3] = self.factors.map(|row| load_all(row.add(c)));
            let beta: [L; V] = load_if(MASK == BY_INPUT, self.beta.wrapping_add(c));
            for p in 0..self.pixels {
                for v in 0..V {
                    let i = c + v * L::WIDTH;
                    let centred = L::load(self.x.add(p * self.x_stride + i)).sub(mean[v]);
                    let mut d = L::load(self.dy.add(p * self.dy_stride + i));
                    match MASK {
                        BY_OUTPUT => d = d.keep_where_positive(L::load(self.y.add(p * self.y_stride + i))),
                        BY_INPUT => d = d.keep_where_positive(beta[v].madd(centred, scale[v])),
                        _ => {}
                    }
                    let mut dx = shift[v].madd(centred, slope[v]).madd(d, scale[v]);
                    if RESIDUAL {
                        dx = dx.add(L::load(self.residual.add(p * self.residual_stride + i)));
                    }
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
    unsafe { masked!(gradient, a, task) }
}

/// # Safety
/// As for the reference.
#[inline(always)]
unsafe fn gradient<L: Lanes, const MASK: u8>(a: &BatchNormBackwardApply, task: &Task) {
    // SAFETY: as above.
    unsafe {
        match a.residual.is_null() {
            true => gradient_and::<L, MASK, false>(a, task),
            false => gradient_and::<L, MASK, true>(a, task),
        }
    }
}

/// # Safety
/// As for the reference.
#[inline(always)]
pub unsafe fn gradient_and<L: Lanes, const MASK: u8, const RESIDUAL: bool>(a: &BatchNormBackwardApply, task: &Task) {
    let channels = a.channels as usize;
    let [dy_stride, x_stride, y_stride, residual_stride, dx_stride] =
        [a.dy_stride, a.x_stride, a.y_stride, a.residual_stride, a.dx_stride].map(|stride| stride as usize);
    for tile in tiles(task.range(a.pixels), a.channels, MAP_TILE) {
        // SAFETY: the tile lies within the chunk's pixels; y is read only when it is there.
        unsafe {
            let column = Gradient::<MASK, RESIDUAL> {
                dy: a.dy.add(tile.start * dy_stride),
                dy_stride,
                x: a.x.add(tile.start * x_stride),
                x_stride,
                y: a.y.wrapping_add(tile.start * y_stride),
                y_stride,
                residual: a.residual.wrapping_add(tile.start * residual_stride),
                residual_stride,
                dx: a.dx.add(tile.start * dx_stride),
                dx_stride,
                pixels: tile.len(),
                mean: a.mean,
                beta: a.beta,
                factors: [0, 1, 2].map(|row| a.factors.add(row * a.factors_stride as usize)),
            };
            across::<L, 2>(&column, 0..channels);
        }
    }
}
