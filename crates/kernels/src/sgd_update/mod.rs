//! Stochastic gradient descent with momentum, as in PyTorch, in place:
//! `g = grad + weight_decay·param`, `buffer = momentum·buffer + g`,
//! `param -= lr·buffer`, or with Nesterov's momentum `param -= lr·(g + momentum·buffer)`.
//!
//! A buffer that starts at zero gives PyTorch's first step.

pub mod reference;
pub mod simd;
#[cfg(test)]
mod tests;

use crate::abi::Kernel;
use crate::lanes::Vector;

kernel_args! {
    /// `param` and `buffer` are contiguous; `nesterov` is 0 or 1.
    pub struct SgdUpdate {
        pub param: *mut f32,
        pub grad: *const f32,
        pub grad_stride: u32,
        pub buffer: *mut f32,
        pub lr: *const f32,
        pub pixels: u32,
        pub channels: u32,
        pub momentum: f32,
        pub weight_decay: f32,
        pub nesterov: u32,
    }
}

pub const KERNELS: &[Kernel] = &[
    row!("sgdUpdate.forward.f32/simd", SgdUpdate, simd::forward::<Vector>),
    reference_row!("sgdUpdate.forward.f32/reference", SgdUpdate, reference::forward),
];
