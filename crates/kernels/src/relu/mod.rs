//! `y = max(x, 0)` over `[pixels, channels]`; a NaN stays a NaN.
//!
//! Backward: `dx = dy` where `y > 0`, else 0.

pub mod reference;
pub mod simd;
#[cfg(test)]
mod tests;

use crate::abi::Kernel;
use crate::lanes::Vector;

kernel_args! {
    /// Pixel strides are in floats; `stride == channels` means contiguous.
    pub struct ReluForward {
        pub x: *const f32,
        pub x_stride: u32,
        pub y: *mut f32,
        pub y_stride: u32,
        pub pixels: u32,
        pub channels: u32,
    }
}

kernel_args! {
    pub struct ReluBackward {
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
    row!("relu.forward.f32/simd", ReluForward, simd::forward::<Vector>),
    reference_row!("relu.forward.f32/reference", ReluForward, reference::forward),
    row!("relu.backward.f32/simd", ReluBackward, simd::backward::<Vector>),
    reference_row!("relu.backward.f32/reference", ReluBackward, reference::backward),
];
