//! What becomes of x between memory and a transform.

use super::Norm;
use crate::lanes::Lanes;

/// For four channels.
pub trait Read<L: Lanes>: Copy {
    /// # Safety
    /// If it is there, the norm holds the channels `c..c + 4`.
    unsafe fn new(norm: Norm, c: usize) -> Self;
    fn of(self, x: L) -> L;
}

/// x.
#[derive(Clone, Copy)]
pub struct AsStored;

impl<L: Lanes> Read<L> for AsStored {
    #[inline(always)]
    unsafe fn new(_: Norm, _: usize) -> Self {
        Self
    }
    #[inline(always)]
    fn of(self, x: L) -> L {
        x
    }
}

/// `max(beta + (x - mean)·scale, 0)`, with the bits of batch norm and ReLU by themselves.
#[derive(Clone, Copy)]
pub struct Normed<L> {
    pub mean: L,
    pub scale: L,
    pub beta: L,
}

impl<L: Lanes> Read<L> for Normed<L> {
    #[inline(always)]
    unsafe fn new(norm: Norm, c: usize) -> Self {
        // SAFETY: the caller vouches for the channels.
        unsafe {
            let scale = L::load(norm.gamma.add(c)).mul(L::load(norm.rstd.add(c)));
            Self { mean: L::load(norm.mean.add(c)), scale, beta: L::load(norm.beta.add(c)) }
        }
    }
    #[inline(always)]
    fn of(self, x: L) -> L {
        self.beta.madd(x.sub(self.mean), self.scale).max(L::zero())
    }
}
