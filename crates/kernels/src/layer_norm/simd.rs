//! A row at a time, which the first-level cache keeps; gradients of parameters in tiles of rows, column by column.

use super::{LayerNormBackward, LayerNormForward, LayerNormParameters};
use crate::abi::Task;
use crate::batch_norm::simd::{SUM_TILE, tiles};
use crate::fold::{Sum, Terms, finite_or_nan, fold_row};
use crate::lanes::Lanes;
use crate::loops::{Column, Row, across, along, load_all, store_all, touch_columns};

/// Differences of a row from a number.
struct Centred {
    x: *const f32,
    from: f32,
}

impl Centred {
    #[inline(always)]
    unsafe fn of<L: Lanes>(&self, i: usize) -> L {
        // SAFETY: i lies within the row.
        unsafe { L::load(self.x.add(i)).sub(L::splat(self.from)) }
    }
}

impl Terms for Centred {
    #[inline(always)]
    unsafe fn at<L: Lanes>(&self, i: usize, _: usize) -> L {
        // SAFETY: the caller vouches for the place.
        unsafe { self.of(i) }
    }
}

struct Squares(Centred);

impl Terms for Squares {
    #[inline(always)]
    unsafe fn at<L: Lanes>(&self, i: usize, _: usize) -> L {
        // SAFETY: the caller vouches for the place.
        let centred: L = unsafe { self.0.of(i) };
        centred.mul(centred)
    }
}

/// `(x - mean)·rstd·gamma + beta`.
struct Normed {
    x: Centred,
    rstd: f32,
    gamma: *const f32,
    beta: *const f32,
    y: *mut f32,
}

impl Row for Normed {
    #[inline(always)]
    unsafe fn at<L: Lanes>(&self, i: usize) {
        // SAFETY: i lies within the row.
        unsafe {
            let normed = self.x.of::<L>(i).mul(L::splat(self.rstd));
            L::load(self.beta.add(i)).madd(normed, L::load(self.gamma.add(i))).store(self.y.add(i));
        }
    }
}

/// # Safety
/// As for the reference.
#[inline(never)]
pub unsafe fn forward<L: Lanes>(a: &LayerNormForward, task: &Task) {
    let (size, count) = (a.channels as usize, a.channels as f64);
    for row in task.range(a.pixels) {
        // SAFETY: the row lies within the tensors.
        unsafe {
            let x = a.x.add(row * a.x_stride as usize);
            // Sums of differences lose no bits where the mean is large beside the deviation.
            let first = *x;
            let mean = (first as f64 + fold_row::<Sum, L>(&Centred { x, from: first }, size) / count) as f32;
            let squares = fold_row::<Sum, L>(&Squares(Centred { x, from: mean }), size);
            let rstd = (1.0 / libm::sqrt(finite_or_nan(squares) / count + a.eps as f64)) as f32;
            *a.mean.add(row) = mean;
            *a.rstd.add(row) = rstd;
            let y = a.y.add(row * a.y_stride as usize);
            along::<L>(&Normed { x: Centred { x, from: mean }, rstd, gamma: a.gamma, beta: a.beta, y }, size);
        }
    }
}

/// `d = dy·gamma`, by itself or times `x - mean`.
struct Gradients<const TIMES_X: bool> {
    dy: *const f32,
    gamma: *const f32,
    x: Centred,
}

impl<const TIMES_X: bool> Terms for Gradients<TIMES_X> {
    #[inline(always)]
    unsafe fn at<L: Lanes>(&self, i: usize, _: usize) -> L {
        // SAFETY: the caller vouches for the place.
        unsafe {
            let d = L::load(self.dy.add(i)).mul(L::load(self.gamma.add(i)));
            if TIMES_X { d.mul(self.x.of(i)) } else { d }
        }
    }
}

/// `d·rstd + (x - mean)·slope + shift`.
struct Gradient {
    dy: *const f32,
    gamma: *const f32,
    x: Centred,
    rstd: f32,
    slope: f32,
    shift: f32,
    dx: *mut f32,
}

impl Row for Gradient {
    #[inline(always)]
    unsafe fn at<L: Lanes>(&self, i: usize) {
        // SAFETY: i lies within the row.
        unsafe {
            let d = L::load(self.dy.add(i)).mul(L::load(self.gamma.add(i)));
            let rest = L::splat(self.shift).madd(self.x.of(i), L::splat(self.slope));
            rest.madd(d, L::splat(self.rstd)).store(self.dx.add(i));
        }
    }
}

/// # Safety
/// As for the reference.
#[inline(never)]
pub unsafe fn backward<L: Lanes>(a: &LayerNormBackward, task: &Task) {
    let (size, count, gamma) = (a.channels as usize, a.channels as f64, a.gamma);
    for row in task.range(a.pixels) {
        // SAFETY: the row lies within the tensors.
        unsafe {
            let dy = a.dy.add(row * a.dy_stride as usize);
            let x = a.x.add(row * a.x_stride as usize);
            let (from, rstd) = (*a.mean.add(row), *a.rstd.add(row));
            let sum = fold_row::<Sum, L>(&Gradients::<false> { dy, gamma, x: Centred { x, from } }, size);
            let product = fold_row::<Sum, L>(&Gradients::<true> { dy, gamma, x: Centred { x, from } }, size);
            let inverse = rstd as f64;
            let slope = (-inverse * inverse * inverse * product / count) as f32;
            let shift = (-inverse * sum / count) as f32;
            let dx = a.dx.add(row * a.dx_stride as usize);
            along::<L>(&Gradient { dy, gamma, x: Centred { x, from }, rstd, slope, shift, dx }, size);
        }
    }
}

/// Adds the sums of a tile of rows to those of the tiles before it.
struct Sums {
    dy: *const f32,
    dy_stride: usize,
    x: *const f32,
    x_stride: usize,
    mean: *const f32,
    rstd: *const f32,
    rows: usize,
    first: bool,
    dgamma: *mut f32,
    dbeta: *mut f32,
}

impl Column for Sums {
    #[inline(always)]
    unsafe fn down<L: Lanes, const V: usize>(&self, c: usize) {
        // SAFETY: the columns lie within the tile.
        unsafe {
            let (mut dgamma, mut dbeta) = ([L::zero(); V], [L::zero(); V]);
            for row in 0..self.rows {
                let (mean, rstd) = (L::load_splat(self.mean.add(row)), L::load_splat(self.rstd.add(row)));
                for v in 0..V {
                    let i = c + v * L::WIDTH;
                    let dy = L::load(self.dy.add(row * self.dy_stride + i));
                    let normed = L::load(self.x.add(row * self.x_stride + i)).sub(mean).mul(rstd);
                    dgamma[v] = dgamma[v].madd(dy, normed);
                    dbeta[v] = dbeta[v].add(dy);
                }
            }
            if !self.first {
                let old: [[L; V]; 2] = [load_all(self.dgamma.add(c)), load_all(self.dbeta.add(c))];
                dgamma = core::array::from_fn(|v| old[0][v].add(dgamma[v]));
                dbeta = core::array::from_fn(|v| old[1][v].add(dbeta[v]));
            }
            store_all(dgamma, self.dgamma.add(c));
            store_all(dbeta, self.dbeta.add(c));
        }
    }
}

/// # Safety
/// As for the reference.
#[inline(never)]
pub unsafe fn parameters<L: Lanes>(a: &LayerNormParameters, task: &Task) {
    let (size, range) = (a.channels as usize, task.range(a.pixels));
    let [dy_stride, x_stride] = [a.dy_stride, a.x_stride].map(|stride| stride as usize);
    // SAFETY: the tiles lie within the chunk's rows.
    unsafe {
        let dgamma = a.partials.add(2 * size * task.chunk as usize);
        if range.is_empty() {
            dgamma.write_bytes(0, 2 * size);
        }
        for tile in tiles(range.clone(), a.channels, SUM_TILE) {
            let column = Sums {
                dy: a.dy.add(tile.start * dy_stride),
                dy_stride,
                x: a.x.add(tile.start * x_stride),
                x_stride,
                mean: a.mean.add(tile.start),
                rstd: a.rstd.add(tile.start),
                rows: tile.len(),
                first: tile.start == range.start,
                dgamma,
                dbeta: dgamma.add(size),
            };
            touch_columns(column.dy, dy_stride, column.rows, size);
            touch_columns(column.x, x_stride, column.rows, size);
            across::<L, 2>(&column, 0..size);
        }
    }
}
