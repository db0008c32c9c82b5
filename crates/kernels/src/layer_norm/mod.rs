//! Layer norm of each row of `[rows, size]`: `y = (x - mean)·rstd·gamma + beta`, `rstd = 1/√(var + eps)`, with the row's mean
//! and biased variance.
//!
//! Backward, with `d = dy·gamma` and `n = size`: `dx = rstd·(d - Σ d/n - (x - mean)·rstd²·Σ d·(x - mean)/n)`, and by columns
//! `dgamma = Σ dy·(x - mean)·rstd`, `dbeta = Σ dy`, as partial sums over fixed ranges of rows.
//!
//! Source: Ba, Kiros and Hinton, 2016.

pub mod reference;
pub mod simd;
#[cfg(test)]
mod tests;

use crate::abi::Kernel;
use crate::lanes::Vector;

kernel_args! {
    /// `gamma` and `beta` are `[size]`, `mean` and `rstd` `[rows]`. y may be x.
    pub struct LayerNormForward {
        pub x: *const f32,
        pub x_stride: u32,
        pub gamma: *const f32,
        pub beta: *const f32,
        pub y: *mut f32,
        pub y_stride: u32,
        pub mean: *mut f32,
        pub rstd: *mut f32,
        pub pixels: u32,
        pub channels: u32,
        pub eps: f32,
    }
}

kernel_args! {
    /// dx may be dy.
    pub struct LayerNormBackward {
        pub dy: *const f32,
        pub dy_stride: u32,
        pub x: *const f32,
        pub x_stride: u32,
        pub mean: *const f32,
        pub rstd: *const f32,
        pub gamma: *const f32,
        pub dx: *mut f32,
        pub dx_stride: u32,
        pub pixels: u32,
        pub channels: u32,
    }
}

kernel_args! {
    /// `partials[chunk]` is the chunk's part of dgamma, then that of dbeta.
    pub struct LayerNormParameters {
        pub dy: *const f32,
        pub dy_stride: u32,
        pub x: *const f32,
        pub x_stride: u32,
        pub mean: *const f32,
        pub rstd: *const f32,
        pub partials: *mut f32,
        pub pixels: u32,
        pub channels: u32,
    }
}

pub const KERNELS: &[Kernel] = &[
    row!("layerNorm.forward.f32/simd", LayerNormForward, simd::forward::<Vector>),
    reference_row!("layerNorm.forward.f32/reference", LayerNormForward, reference::forward),
    row!("layerNorm.backward.f32/simd", LayerNormBackward, simd::backward::<Vector>),
    reference_row!("layerNorm.backward.f32/reference", LayerNormBackward, reference::backward),
    row!("layerNorm.parameters.f32/simd", LayerNormParameters, simd::parameters::<Vector>),
    reference_row!("layerNorm.parameters.f32/reference", LayerNormParameters, reference::parameters),
];
