//! Products over `[pixels, channels]`: `y = a·b` element by element, `y = x·s` with a scalar from memory, and
//! `Σ a·b` as one number.
//!
//! The sum is taken in f64 over a fixed number of parts (the chunks of `partials`), which `sum` adds in order.

pub mod reference;
pub mod simd;
#[cfg(test)]
mod tests;

use crate::abi::Kernel;
use crate::lanes::Vector;

kernel_args! {
    pub struct MultiplyForward {
        pub a: *const f32,
        pub a_stride: u32,
        pub b: *const f32,
        pub b_stride: u32,
        pub y: *mut f32,
        pub y_stride: u32,
        pub pixels: u32,
        pub channels: u32,
    }
}

kernel_args! {
    pub struct MultiplyScale {
        pub x: *const f32,
        pub x_stride: u32,
        pub scale: *const f32,
        pub y: *mut f32,
        pub y_stride: u32,
        pub pixels: u32,
        pub channels: u32,
    }
}

kernel_args! {
    /// `partials`: one f64 for each chunk.
    pub struct MultiplyPartials {
        pub a: *const f32,
        pub a_stride: u32,
        pub b: *const f32,
        pub b_stride: u32,
        pub pixels: u32,
        pub channels: u32,
        pub partials: *mut f64,
    }
}

kernel_args! {
    pub struct MultiplySum {
        pub partials: *const f64,
        pub parts: u32,
        pub y: *mut f32,
    }
}

pub const KERNELS: &[Kernel] = &[
    row!("multiply.forward.f32/simd", MultiplyForward, simd::forward::<Vector>),
    reference_row!("multiply.forward.f32/reference", MultiplyForward, reference::forward),
    row!("multiply.scale.f32/simd", MultiplyScale, simd::scale::<Vector>),
    reference_row!("multiply.scale.f32/reference", MultiplyScale, reference::scale),
    row!("multiply.partials.f32/simd", MultiplyPartials, simd::partials),
    reference_row!("multiply.partials.f32/reference", MultiplyPartials, reference::partials),
    row!("multiply.sum.f32/scalar", MultiplySum, reference::sum),
];
