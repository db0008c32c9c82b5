//! Mean over rows of the cross-entropy between softmax of `[rows, classes]` and labels, with label smoothing s:
//! the target is `(1 - s)·[k = label] + s/classes`, `dlogits = (softmax - target)/rows`.
//!
//! `rows` writes each row's loss in f64, `mean` adds them in order. A label out of range makes its row's loss NaN.
//! Source of label smoothing: Szegedy et al., "Rethinking the Inception architecture", 2015, section 7.

pub mod reference;
pub mod scalar;
#[cfg(test)]
mod tests;

use crate::abi::Kernel;

kernel_args! {
    /// `losses`: one f64 for each row.
    pub struct SoftmaxCrossEntropyRows {
        pub logits: *const f32,
        pub logits_stride: u32,
        pub labels: *const i32,
        pub rows: u32,
        pub classes: u32,
        pub smoothing: f32,
        pub losses: *mut f64,
        pub dlogits: *mut f32,
        pub dlogits_stride: u32,
    }
}

kernel_args! {
    pub struct SoftmaxCrossEntropyMean {
        pub losses: *const f64,
        pub rows: u32,
        pub loss: *mut f32,
    }
}

pub const KERNELS: &[Kernel] = &[
    row!("softmaxCrossEntropy.rows.f32/scalar", SoftmaxCrossEntropyRows, scalar::rows),
    reference_row!("softmaxCrossEntropy.rows.f32/reference", SoftmaxCrossEntropyRows, reference::rows),
    row!("softmaxCrossEntropy.mean.f32/scalar", SoftmaxCrossEntropyMean, scalar::mean),
];
