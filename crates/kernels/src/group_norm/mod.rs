//! Group norm of `[images, pixels, channels]`: batch norm of each image by itself, with the mean and the biased variance of each of
//! `groups` equal ranges of channels. As many groups as channels are instance norm.
//!
//! `partials` gives the moments of each channel over `parts` fixed ranges of an image's pixels; `statistics` joins them in f64
//! (Chan, Golub and LeVeque, 1979), `apply` writes y. Backward, with `d = dy·gamma` over the n values of a group:
//! `dx = rstd·(d - Σ d/n - (x - mean)·rstd²·Σ d·(x - mean)/n)`, `dgamma = Σ dy·(x - mean)·rstd` and `dbeta = Σ dy` over images
//! and pixels. Passes over pixels are batch norm's kernels, an image at a time; statistics lie in `[images, channels]`.
//!
//! Source: Wu and He, "Group Normalization", 2018.

pub mod finish;
pub mod images;
pub mod reference;
#[cfg(test)]
mod tests;

use crate::abi::Kernel;
use crate::lanes::Vector;

kernel_args! {
    /// `partials[image · parts + part]` is `mean[channels]`, then the sum of squared deviations; no more parts than pixels.
    pub struct GroupNormStatistics {
        pub partials: *const f32,
        pub parts: u32,
        pub images: u32,
        pub pixels: u32,
        pub channels: u32,
        pub groups: u32,
        pub gamma: *const f32,
        pub eps: f32,
        pub mean: *mut f32,
        pub rstd: *mut f32,
        pub scale: *mut f32,
    }
}

kernel_args! {
    /// `beta` is `[channels]`.
    pub struct GroupNormApply {
        pub x: *const f32,
        pub x_stride: u32,
        pub mean: *const f32,
        pub scale: *const f32,
        pub beta: *const f32,
        pub y: *mut f32,
        pub y_stride: u32,
        pub images: u32,
        pub pixels: u32,
        pub channels: u32,
    }
}

kernel_args! {
    /// `partials[image · parts + part]` is `Σ dy` `[channels]`, then `Σ dy·(x - mean)`; an item is a part of an image.
    pub struct GroupNormBackwardPartials {
        pub dy: *const f32,
        pub dy_stride: u32,
        pub x: *const f32,
        pub x_stride: u32,
        pub mean: *const f32,
        pub partials: *mut f32,
        pub parts: u32,
        pub images: u32,
        pub pixels: u32,
        pub channels: u32,
    }
}

kernel_args! {
    /// `factors[image]` is three rows of `[channels]`: `dx = factors[0]·dy + factors[1]·(x - mean) + factors[2]`.
    pub struct GroupNormBackwardFactors {
        pub partials: *const f32,
        pub parts: u32,
        pub images: u32,
        pub pixels: u32,
        pub channels: u32,
        pub groups: u32,
        pub gamma: *const f32,
        pub rstd: *const f32,
        pub factors: *mut f32,
    }
}

kernel_args! {
    pub struct GroupNormParameters {
        pub partials: *const f32,
        pub parts: u32,
        pub images: u32,
        pub channels: u32,
        pub rstd: *const f32,
        pub dgamma: *mut f32,
        pub dbeta: *mut f32,
    }
}

kernel_args! {
    /// dx may be dy.
    pub struct GroupNormBackwardApply {
        pub dy: *const f32,
        pub dy_stride: u32,
        pub x: *const f32,
        pub x_stride: u32,
        pub mean: *const f32,
        pub factors: *const f32,
        pub dx: *mut f32,
        pub dx_stride: u32,
        pub images: u32,
        pub pixels: u32,
        pub channels: u32,
    }
}

pub const KERNELS: &[Kernel] = &[
    row!("groupNorm.statistics.f32/scalar", GroupNormStatistics, finish::statistics),
    reference_row!("groupNorm.statistics.f32/reference", GroupNormStatistics, reference::statistics),
    row!("groupNorm.apply.f32/simd", GroupNormApply, images::apply::<Vector>),
    reference_row!("groupNorm.apply.f32/reference", GroupNormApply, reference::apply),
    row!("groupNorm.backwardPartials.f32/simd", GroupNormBackwardPartials, images::backward_partials::<Vector>),
    reference_row!("groupNorm.backwardPartials.f32/reference", GroupNormBackwardPartials, reference::backward_partials),
    row!("groupNorm.backwardFactors.f32/scalar", GroupNormBackwardFactors, finish::backward_factors),
    reference_row!("groupNorm.backwardFactors.f32/reference", GroupNormBackwardFactors, reference::backward_factors),
    row!("groupNorm.parameters.f32/scalar", GroupNormParameters, finish::parameters),
    reference_row!("groupNorm.parameters.f32/reference", GroupNormParameters, reference::parameters),
    row!("groupNorm.backwardApply.f32/simd", GroupNormBackwardApply, images::backward_apply::<Vector>),
    reference_row!("groupNorm.backwardApply.f32/reference", GroupNormBackwardApply, reference::backward_apply),
];

/// First and last + 1 pixel of a part of an image.
fn part_of(pixels: u32, parts: u32, part: usize) -> core::ops::Range<usize> {
    let bound = |part: usize| (pixels as u64 * part as u64 / parts as u64) as usize;
    bound(part)..bound(part + 1)
}
