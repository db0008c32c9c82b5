//! `y = a + b`, or `max(a + b, 0)` in one pass: the join of a residual block. Over `[pixels, channels]`.

pub mod reference;
pub mod simd;
#[cfg(test)]
mod tests;

use crate::abi::Kernel;
use crate::lanes::Vector;

kernel_args! {
    /// `relu` is 0 or 1; strides are floats from pixel to pixel.
    pub struct AddForward {
        pub a: *const f32,
        pub a_stride: u32,
        pub b: *const f32,
        pub b_stride: u32,
        pub y: *mut f32,
        pub y_stride: u32,
        pub pixels: u32,
        pub channels: u32,
        pub relu: u32,
    }
}

pub const KERNELS: &[Kernel] = &[
    row!("add.forward.f32/simd", AddForward, simd::forward::<Vector>),
    reference_row!("add.forward.f32/reference", AddForward, reference::forward),
];
