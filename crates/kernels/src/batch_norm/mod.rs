//! Batch norm over `[pixels, channels]`, a row of statistics for each channel:
//! `y = (x - mean)·scale + beta`, `scale = gamma·rstd`, `rstd = 1/√(var + eps)`.
//!
//! Training, three steps: `partials` gives mean and sum of squared deviations of each chunk's pixels (a fixed partition),
//! `statistics` joins them in f64 by Chan's formula and moves the running statistics, `apply` writes y.
//! Backward, with `d = dy` (masked by `y > 0` when a ReLU follows) over n pixels:
//! `dbeta = Σ d`, `dgamma = rstd·Σ d·(x - mean)`, `dx = scale·(d - dbeta/n - (x - mean)·rstd·dgamma/n)`;
//! frozen statistics leave `dx = scale·d`. The mask needs no y: it is computed again from x, which is read anyway.
//!
//! Sources: Ioffe and Szegedy, 2015; Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm", 1979.

pub mod finish;
pub mod reference;
pub mod simd;
pub mod simd_backward;
#[cfg(test)]
mod tests;

use crate::abi::Kernel;
use crate::lanes::Vector;

kernel_args! {
    /// `partials[chunk]` is `mean[channels]`, then the sum of squared deviations `[channels]`; no more chunks than pixels.
    pub struct BatchNormPartials {
        pub x: *const f32,
        pub x_stride: u32,
        pub pixels: u32,
        pub channels: u32,
        pub partials: *mut f32,
    }
}

kernel_args! {
    /// `parts` is the number of chunks of the step before; `momentum` is the weight of the new running value.
    pub struct BatchNormStatistics {
        pub partials: *const f32,
        pub parts: u32,
        pub pixels: u32,
        pub channels: u32,
        pub gamma: *const f32,
        pub running_mean: *mut f32,
        pub running_var: *mut f32,
        pub eps: f32,
        pub momentum: f32,
        pub mean: *mut f32,
        pub rstd: *mut f32,
        pub scale: *mut f32,
    }
}

kernel_args! {
    /// `moments` is mean and biased variance, two rows of `[channels]`; `parts` as for the statistics.
    pub struct BatchNormMoments {
        pub partials: *const f32,
        pub parts: u32,
        pub pixels: u32,
        pub channels: u32,
        pub moments: *mut f32,
        pub moments_stride: u32,
    }
}

kernel_args! {
    /// The statistics from moments that were found before.
    pub struct BatchNormOfMoments {
        pub moments: *const f32,
        pub moments_stride: u32,
        pub pixels: u32,
        pub channels: u32,
        pub running_mean: *mut f32,
        pub running_var: *mut f32,
        pub eps: f32,
        pub momentum: f32,
        pub mean: *mut f32,
        pub rstd: *mut f32,
    }
}

kernel_args! {
    /// `rstd` and `scale` from a given variance.
    pub struct BatchNormFrozen {
        pub gamma: *const f32,
        pub var: *const f32,
        pub eps: f32,
        pub channels: u32,
        pub rstd: *mut f32,
        pub scale: *mut f32,
    }
}

kernel_args! {
    /// `relu` is 0 or 1.
    pub struct BatchNormApply {
        pub x: *const f32,
        pub x_stride: u32,
        pub mean: *const f32,
        pub scale: *const f32,
        pub beta: *const f32,
        pub y: *mut f32,
        pub y_stride: u32,
        pub pixels: u32,
        pub channels: u32,
        pub relu: u32,
    }
}

kernel_args! {
    /// `partials[chunk]` is `Σ d` `[channels]`, then `Σ d·(x - mean)` `[channels]`; no more chunks than pixels. The mask is
    /// `y`, or `y` once more from x where `beta` is given, with forward's bits; without either there is none.
    pub struct BatchNormBackwardPartials {
        pub dy: *const f32,
        pub dy_stride: u32,
        pub x: *const f32,
        pub x_stride: u32,
        pub y: *const f32,
        pub y_stride: u32,
        pub mean: *const f32,
        pub gamma: *const f32,
        pub rstd: *const f32,
        pub beta: *const f32,
        pub pixels: u32,
        pub channels: u32,
        pub partials: *mut f32,
    }
}

kernel_args! {
    /// `factors` is three rows of `[channels]`: `dx = factors[0]·d + factors[1]·(x - mean) + factors[2]`. Where `scaled`, the
    /// d that they will be applied to has been multiplied by scale before, and the last two rows of `earlier`, unless null, are added.
    pub struct BatchNormBackwardFactors {
        pub partials: *const f32,
        pub parts: u32,
        pub pixels: u32,
        pub channels: u32,
        pub gamma: *const f32,
        pub rstd: *const f32,
        pub frozen: u32,
        pub scaled: u32,
        pub earlier: *const f32,
        pub earlier_stride: u32,
        pub dgamma: *mut f32,
        pub dbeta: *mut f32,
        pub factors: *mut f32,
        pub factors_stride: u32,
    }
}

kernel_args! {
    /// The mask is that of the step before. `residual`, unless null, is added to dx.
    pub struct BatchNormBackwardApply {
        pub dy: *const f32,
        pub dy_stride: u32,
        pub x: *const f32,
        pub x_stride: u32,
        pub y: *const f32,
        pub y_stride: u32,
        pub mean: *const f32,
        pub beta: *const f32,
        pub factors: *const f32,
        pub factors_stride: u32,
        pub residual: *const f32,
        pub residual_stride: u32,
        pub dx: *mut f32,
        pub dx_stride: u32,
        pub pixels: u32,
        pub channels: u32,
    }
}

kernel_args! {
    /// `folded = beta + (bias - mean)·scale`; `bias` may be null: 0.
    pub struct BatchNormFoldBias {
        pub bias: *const f32,
        pub beta: *const f32,
        pub mean: *const f32,
        pub scale: *const f32,
        pub folded: *mut f32,
        pub channels: u32,
    }
}

pub const KERNELS: &[Kernel] = &[
    row!("batchNorm.partials.f32/simd", BatchNormPartials, simd::partials::<Vector>),
    reference_row!("batchNorm.partials.f32/reference", BatchNormPartials, reference::partials),
    row!("batchNorm.statistics.f32/scalar", BatchNormStatistics, finish::statistics),
    reference_row!("batchNorm.statistics.f32/reference", BatchNormStatistics, reference::statistics),
    row!("batchNorm.moments.f32/scalar", BatchNormMoments, finish::moments),
    reference_row!("batchNorm.moments.f32/reference", BatchNormMoments, reference::moments),
    row!("batchNorm.ofMoments.f32/scalar", BatchNormOfMoments, finish::of_moments),
    reference_row!("batchNorm.ofMoments.f32/reference", BatchNormOfMoments, reference::of_moments),
    row!("batchNorm.frozen.f32/scalar", BatchNormFrozen, finish::frozen),
    reference_row!("batchNorm.frozen.f32/reference", BatchNormFrozen, reference::frozen),
    row!("batchNorm.apply.f32/simd", BatchNormApply, simd::apply::<Vector>),
    reference_row!("batchNorm.apply.f32/reference", BatchNormApply, reference::apply),
    row!("batchNorm.backwardPartials.f32/simd", BatchNormBackwardPartials, simd_backward::backward_partials::<Vector>),
    reference_row!("batchNorm.backwardPartials.f32/reference", BatchNormBackwardPartials, reference::backward_partials),
    row!("batchNorm.backwardFactors.f32/scalar", BatchNormBackwardFactors, finish::backward_factors),
    reference_row!("batchNorm.backwardFactors.f32/reference", BatchNormBackwardFactors, reference::backward_factors),
    row!("batchNorm.backwardApply.f32/simd", BatchNormBackwardApply, simd_backward::backward_apply::<Vector>),
    reference_row!("batchNorm.backwardApply.f32/reference", BatchNormBackwardApply, reference::backward_apply),
    row!("batchNorm.foldBias.f32/scalar", BatchNormFoldBias, finish::fold_bias),
    reference_row!("batchNorm.foldBias.f32/reference", BatchNormFoldBias, reference::fold_bias),
];
