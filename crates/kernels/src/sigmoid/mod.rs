//! `y = 1 / (1 + exp(-x))` over `[pixels, channels]`; a NaN stays a NaN.
//!
//! Backward: `dx = y·(1 - y)·dy`. y is off by at most 2⁻²² of its size, and by 2⁻¹²⁸ more where `exp(-x)` overflows and y is 0. dx is off by at most 3·2⁻²⁴ of its size for its y.

pub mod reference;
pub mod simd;
#[cfg(test)]
mod tests;

use crate::abi::Kernel;
use crate::lanes::Vector;

kernel_args! {
    /// Pixel strides are in floats; `stride == channels` means contiguous. y may be x.
    pub struct SigmoidForward {
        pub x: *const f32,
        pub x_stride: u32,
        pub y: *mut f32,
        pub y_stride: u32,
        pub pixels: u32,
        pub channels: u32,
    }
}

kernel_args! {
    /// dx may be dy or y.
    pub struct SigmoidBackward {
        pub dy: *const f32,
        pub dy_stride: u32,
        pub y: *const f32,
        pub y_stride: u32,
        pub dx: *mut f32,
        pub dx_stride: u32,
        pub pixels: u32,
        pub channels: u32,
    }
}

pub const KERNELS: &[Kernel] = &[
    row!("sigmoid.forward.f32/simd", SigmoidForward, simd::forward::<Vector>),
    reference_row!("sigmoid.forward.f32/reference", SigmoidForward, reference::forward),
    row!("sigmoid.backward.f32/simd", SigmoidBackward, simd::backward::<Vector>),
    reference_row!("sigmoid.backward.f32/reference", SigmoidBackward, reference::backward),
];
