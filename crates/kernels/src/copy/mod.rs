//! `y = x` over `[pixels, channels]`: joins and cuts channels by strides. Moves the bits of f32 and i32 alike.

pub mod reference;
pub mod simd;
#[cfg(test)]
mod tests;

use crate::abi::Kernel;
use crate::lanes::Vector;

kernel_args! {
    /// Strides are elements from pixel to pixel.
    pub struct CopyForward {
        pub x: *const f32,
        pub x_stride: u32,
        pub y: *mut f32,
        pub y_stride: u32,
        pub pixels: u32,
        pub channels: u32,
    }
}

kernel_args! {
    /// The same 32 bits everywhere.
    pub struct CopyFill {
        pub y: *mut f32,
        pub y_stride: u32,
        pub pixels: u32,
        pub channels: u32,
        pub value: f32,
    }
}

pub const KERNELS: &[Kernel] = &[
    row!("copy.forward.f32/simd", CopyForward, simd::forward::<Vector>),
    reference_row!("copy.forward.f32/reference", CopyForward, reference::forward),
    row!("copy.fill.f32/simd", CopyFill, simd::fill::<Vector>),
    reference_row!("copy.fill.f32/reference", CopyFill, reference::fill),
];
