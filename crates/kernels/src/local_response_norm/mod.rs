//! `y = x / d^β` with `d[c] = k + α/n·Σ x[c']²`, the sum over the n channels from `c - ⌊n/2⌋` on, those outside counting as 0.
//!
//! Backward: `dx[c] = dy[c]/d[c]^β - 2αβ/n·x[c]·Σ dy[c']·x[c']/d[c']^(β+1)`, the sum over the c' whose d takes x[c]. Nothing is kept
//! from the forward pass. Where β is 3/4 the power is two square roots, else libm's.
//!
//! Source: Krizhevsky et al., "ImageNet classification with deep convolutional neural networks", 2012, section 3.3; α is divided by n as
//! in PyTorch.

pub mod reference;
pub mod simd;
#[cfg(test)]
mod tests;

use crate::abi::Kernel;
use crate::lanes::Vector;

kernel_args! {
    /// Pixel strides are in floats. A worker has [`scratch_floats`] floats of scratch.
    pub struct LocalResponseNormForward {
        pub x: *const f32,
        pub x_stride: u32,
        pub y: *mut f32,
        pub y_stride: u32,
        pub pixels: u32,
        pub channels: u32,
        pub size: u32,
        pub alpha: f32,
        pub beta: f32,
        pub k: f32,
    }
}

kernel_args! {
    /// As [`LocalResponseNormForward`]; dx may not be dy or x.
    pub struct LocalResponseNormBackward {
        pub dy: *const f32,
        pub dy_stride: u32,
        pub x: *const f32,
        pub x_stride: u32,
        pub dx: *mut f32,
        pub dx_stride: u32,
        pub pixels: u32,
        pub channels: u32,
        pub size: u32,
        pub alpha: f32,
        pub beta: f32,
        pub k: f32,
    }
}

/// A row with what lies outside of the channels, and two without.
pub fn scratch_floats(channels: u32, size: u32) -> usize {
    (3 * channels + size) as usize
}

pub const KERNELS: &[Kernel] = &[
    row!("localResponseNorm.forward.f32/simd", LocalResponseNormForward, simd::forward::<Vector>),
    reference_row!("localResponseNorm.forward.f32/reference", LocalResponseNormForward, reference::forward),
    row!("localResponseNorm.backward.f32/simd", LocalResponseNormBackward, simd::backward::<Vector>),
    reference_row!("localResponseNorm.backward.f32/reference", LocalResponseNormBackward, reference::backward),
];
