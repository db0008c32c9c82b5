//! Adam with decoupled weight decay, in place:
//! `m = β₁m + (1 - β₁)g`, `v = β₂v + (1 - β₂)g²`,
//! `param = param·(1 - lr·weight_decay) - lr·(m / (1 - β₁ᵗ)) / (√(v / (1 - β₂ᵗ)) + eps)`, t counted from 1.
//!
//! Sources: Loshchilov and Hutter, "Decoupled weight decay regularization", 2019; Kingma and Ba, 2015.

pub mod reference;
pub mod simd;
#[cfg(test)]
mod tests;

use crate::abi::Kernel;
use crate::lanes::Vector;

kernel_args! {
    /// `param`, `m` and `v` are contiguous; `step` is t. A beta is the sum of two floats: 1 - β needs more than 24 bits.
    pub struct AdamwUpdate {
        pub param: *mut f32,
        pub grad: *const f32,
        pub grad_stride: u32,
        pub m: *mut f32,
        pub v: *mut f32,
        pub step: *const f32,
        pub lr: *const f32,
        pub pixels: u32,
        pub channels: u32,
        pub beta1: f32,
        pub beta1_rest: f32,
        pub beta2: f32,
        pub beta2_rest: f32,
        pub eps: f32,
        pub weight_decay: f32,
    }
}

/// The numbers that all elements share.
pub struct Factors {
    pub beta1: f64,
    pub beta2: f64,
    pub decay: f64,
    /// `lr / (1 - β₁ᵗ)`.
    pub rate: f64,
    /// `1 / √(1 - β₂ᵗ)`.
    pub correction: f64,
}

impl AdamwUpdate {
    /// # Safety
    /// `step` and `lr` are one float each.
    pub unsafe fn factors(&self) -> Factors {
        // SAFETY: as above.
        let (step, lr) = unsafe { (*self.step as f64, *self.lr as f64) };
        let beta1 = self.beta1 as f64 + self.beta1_rest as f64;
        let beta2 = self.beta2 as f64 + self.beta2_rest as f64;
        Factors {
            beta1,
            beta2,
            decay: 1.0 - lr * self.weight_decay as f64,
            rate: lr / (1.0 - libm::pow(beta1, step)),
            correction: 1.0 / libm::sqrt(1.0 - libm::pow(beta2, step)),
        }
    }
}

pub const KERNELS: &[Kernel] = &[
    row!("adamwUpdate.forward.f32/simd", AdamwUpdate, simd::forward::<Vector>),
    reference_row!("adamwUpdate.forward.f32/reference", AdamwUpdate, reference::forward),
];
