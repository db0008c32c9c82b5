//! What becomes of an output between the transform and memory.

use super::read::{self, Normed, Read};
use super::tiles::Images;
use crate::abi::Task;
use crate::conv2d::Conv2dWinograd;
use crate::lanes::Lanes;

/// Rows and columns of the tiles that [`NormGradient`] takes.
const TILE: usize = 4;

pub trait Epilogue {
    /// What it keeps for a vector of channels of a tile.
    type At<L: Lanes>;
    /// Before the first output of a chunk.
    ///
    /// # Safety
    /// Arguments of the step.
    unsafe fn start(a: &Conv2dWinograd, task: &Task);
    /// Images with the pixels and channels of y that are read beside it.
    fn reads(a: &Conv2dWinograd) -> Option<Images>;
    /// # Safety
    /// The tile's pixels and the channels `c..c + L::WIDTH` exist.
    unsafe fn at<L: Lanes>(a: &Conv2dWinograd, tile: &OutputTile, c: usize) -> Self::At<L>;
    /// Takes the output in row i and column j of the tile, which may lie beyond the image.
    ///
    /// # Safety
    /// As for [`Epilogue::at`].
    unsafe fn give<L: Lanes>(at: &mut Self::At<L>, a: &Conv2dWinograd, tile: &OutputTile, place: (usize, usize), value: L);
    /// After the last output of the tile.
    ///
    /// # Safety
    /// As for [`Epilogue::at`].
    unsafe fn end<L: Lanes>(at: Self::At<L>, a: &Conv2dWinograd, task: &Task, tile: &OutputTile, c: usize);
}

/// Where outputs are.
pub struct OutputTile {
    /// The first of them.
    pub pixel: usize,
    /// Rows and columns that lie in the image.
    pub rows: usize,
    pub columns: usize,
    /// Takes a vector for each place of a tile, column by column, once a line of them is done.
    pub values: *mut f32,
}

/// `y = act(value + bias + residual)`.
pub enum Plain {}

/// Where a vector of channels begins, and what is the same for all its pixels.
pub struct Channels<L> {
    y: *mut f32,
    residual: *const f32,
    bias: L,
    floor: L,
}

impl Epilogue for Plain {
    type At<L: Lanes> = Channels<L>;
    #[inline(always)]
    unsafe fn start(_: &Conv2dWinograd, _: &Task) {}
    #[inline(always)]
    fn reads(_: &Conv2dWinograd) -> Option<Images> {
        None
    }
    #[inline(always)]
    unsafe fn at<L: Lanes>(a: &Conv2dWinograd, tile: &OutputTile, c: usize) -> Channels<L> {
        // SAFETY: the caller vouches for pixels and channels.
        unsafe {
            Channels {
                y: a.y.add(tile.pixel * a.y_stride as usize + c),
                residual: a.residual.wrapping_add(tile.pixel * a.residual_stride as usize + c),
                bias: if a.bias.is_null() { L::zero() } else { L::load(a.bias.add(c)) },
                floor: if a.relu != 0 { L::zero() } else { L::splat(f32::NEG_INFINITY) },
            }
        }
    }
    #[inline(always)]
    unsafe fn give<L: Lanes>(at: &mut Channels<L>, a: &Conv2dWinograd, tile: &OutputTile, (i, j): (usize, usize), value: L) {
        if i < tile.rows && j < tile.columns {
            let pixel = i * a.geometry.out_width as usize + j;
            let mut sum = value.add(at.bias);
            // SAFETY: the pixel lies in the image.
            unsafe {
                if !a.residual.is_null() {
                    sum = sum.add(L::load(at.residual.add(pixel * a.residual_stride as usize)));
                }
                sum.zero_below(at.floor).store(at.y.add(pixel * a.y_stride as usize));
            }
        }
    }
    #[inline(always)]
    unsafe fn end<L: Lanes>(_: Channels<L>, _: &Conv2dWinograd, _: &Task, _: &OutputTile, _: usize) {}
}

/// Values are the gradient by the result of batch norm and ReLU. With d, the value where that result is positive, else 0:
/// `y = residual + d·gamma·rstd`, and the chunk's partial sums are `Σ d` and `Σ d·(x - mean)`, x being batch norm's input.
/// The terms that depend on the sums of all pixels are for a later step.
pub enum NormGradient {}

impl Epilogue for NormGradient {
    type At<L: Lanes> = ();
    unsafe fn start(a: &Conv2dWinograd, task: &Task) {
        let floats = 2 * a.geometry.out_channels as usize;
        // SAFETY: every chunk has partial sums of its own.
        unsafe { core::slice::from_raw_parts_mut(a.partials.add(floats * task.chunk as usize), floats).fill(0.0) };
    }
    #[inline(always)]
    fn reads(a: &Conv2dWinograd) -> Option<Images> {
        Some(Images::of_y(a.norm_x, a.norm_x_stride, &a.geometry))
    }
    #[inline(always)]
    unsafe fn at<L: Lanes>(_: &Conv2dWinograd, _: &OutputTile, _: usize) {}
    /// The values wait for each other: with those of the transform, the norm's would not fit the registers.
    #[inline(always)]
    unsafe fn give<L: Lanes>(_: &mut (), _: &Conv2dWinograd, tile: &OutputTile, (i, j): (usize, usize), value: L) {
        // SAFETY: the place lies in the tile.
        unsafe { value.store(tile.values.add(L::WIDTH * (j * TILE + i))) };
    }
    #[inline(always)]
    unsafe fn end<L: Lanes>(_: (), a: &Conv2dWinograd, task: &Task, tile: &OutputTile, c: usize) {
        // SAFETY: the caller vouches for pixels and channels; every chunk has partial sums of its own.
        unsafe {
            match a.residual.is_null() {
                true => pass_on::<L, false>(a, task, tile, c),
                false => pass_on::<L, true>(a, task, tile, c),
            }
        }
    }
}

/// # Safety
/// As for [`Epilogue::end`].
#[inline(always)]
unsafe fn pass_on<L: Lanes, const RESIDUAL: bool>(a: &Conv2dWinograd, task: &Task, tile: &OutputTile, c: usize) {
    let [y_stride, residual_stride, x_stride] = [a.y_stride, a.residual_stride, a.norm_x_stride].map(|stride| stride as usize);
    let channels = a.geometry.out_channels as usize;
    // SAFETY: the caller vouches for pixels and channels.
    unsafe {
        let read::Line { mean, scale, beta } = Normed::at::<L>(a.norm, c);
        let sums = a.partials.add(2 * channels * task.chunk as usize + c);
        let (mut sum, mut product) = (L::load(sums), L::load(sums.add(channels)));
        for i in 0..tile.rows {
            let pixel = tile.pixel + i * a.geometry.out_width as usize;
            let mut value = tile.values.add(L::WIDTH * i);
            let mut x = a.norm_x.add(pixel * x_stride + c);
            let mut y = a.y.add(pixel * y_stride + c);
            let mut residual = a.residual.wrapping_add(pixel * residual_stride + c);
            for _ in 0..tile.columns {
                let centred = L::load(x).sub(mean);
                let d = L::load(value).keep_where_positive(beta.madd(centred, scale));
                sum = sum.add(d);
                product = product.madd(d, centred);
                let before = if RESIDUAL { L::load(residual) } else { L::zero() };
                before.madd(d, scale).store(y);
                (value, x, y) = (value.wrapping_add(L::WIDTH * TILE), x.wrapping_add(x_stride), y.wrapping_add(y_stride));
                residual = residual.wrapping_add(residual_stride);
            }
        }
        sum.store(sums);
        product.store(sums.add(channels));
    }
}
