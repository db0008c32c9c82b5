//! Softmax of each row of `[rows, classes]`: `y = exp(x - max) / Σ exp(x - max)`.
//!
//! Backward: `dx = y·(dy - Σ dy·y)`. Exponentials are libm's, so that every runtime gives the same bits.

pub mod reference;
pub mod scalar;
#[cfg(test)]
mod tests;

use crate::abi::Kernel;

kernel_args! {
    pub struct SoftmaxForward {
        pub x: *const f32,
        pub x_stride: u32,
        pub y: *mut f32,
        pub y_stride: u32,
        pub rows: u32,
        pub classes: u32,
    }
}

kernel_args! {
    pub struct SoftmaxBackward {
        pub dy: *const f32,
        pub dy_stride: u32,
        pub y: *const f32,
        pub y_stride: u32,
        pub dx: *mut f32,
        pub dx_stride: u32,
        pub rows: u32,
        pub classes: u32,
    }
}

pub const KERNELS: &[Kernel] = &[
    row!("softmax.forward.f32/scalar", SoftmaxForward, scalar::forward),
    reference_row!("softmax.forward.f32/reference", SoftmaxForward, reference::forward),
    row!("softmax.backward.f32/scalar", SoftmaxBackward, scalar::backward),
    reference_row!("softmax.backward.f32/reference", SoftmaxBackward, reference::backward),
];
