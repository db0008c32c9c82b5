//! What becomes of x between memory and a transform.

use super::Norm;
use crate::lanes::Lanes;

pub trait Read {
    /// What it takes for a vector of channels.
    type At<L: Lanes>: Copy;
    /// # Safety
    /// If it is there, the norm holds the channels `c..c + L::WIDTH`.
    unsafe fn at<L: Lanes>(norm: Norm, c: usize) -> Self::At<L>;
    fn of<L: Lanes>(at: Self::At<L>, x: L) -> L;
}

/// x.
pub enum AsStored {}

impl Read for AsStored {
    type At<L: Lanes> = ();
    #[inline(always)]
    unsafe fn at<L: Lanes>(_: Norm, _: usize) {}
    #[inline(always)]
    fn of<L: Lanes>(_: (), x: L) -> L {
        x
    }
}

/// `max(beta + (x - mean)·scale, 0)`, with the bits of batch norm and ReLU by themselves.
pub enum Normed {}

/// Batch norm's line for some channels: `beta + (x - mean)·scale`.
#[derive(Clone, Copy)]
pub struct Line<L> {
    pub mean: L,
    pub scale: L,
    pub beta: L,
}

impl Read for Normed {
    type At<L: Lanes> = Line<L>;
    #[inline(always)]
    unsafe fn at<L: Lanes>(norm: Norm, c: usize) -> Line<L> {
        // SAFETY: the caller vouches for the channels.
        unsafe {
            let scale = L::load(norm.gamma.add(c)).mul(L::load(norm.rstd.add(c)));
            Line { mean: L::load(norm.mean.add(c)), scale, beta: L::load(norm.beta.add(c)) }
        }
    }
    #[inline(always)]
    fn of<L: Lanes>(Line { mean, scale, beta }: Line<L>, x: L) -> L {
        beta.madd(x.sub(mean), scale).zero_below(L::zero())
    }
}
