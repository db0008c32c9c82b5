//! Softmax over the middle axis of `[outer, classes, inner]`: `y = exp(x - max) / Σ exp(x - max)`, or its logarithm
//! `y = x - max - log Σ exp(x - max)`.
//!
//! Backward: `dx = y·(dy - Σ dy·y)`, or `dx = dy - exp(y)·Σ dy`. Exponentials and logarithms are libm's, so that every runtime gives
//! the same bits.

pub mod reference;
pub mod scalar;
#[cfg(test)]
mod tests;

use crate::abi::{Kernel, Task};
use core::ops::Range;

kernel_args! {
    /// All contiguous; y may be x. `log` is 0 or 1. An item is a block of inner.
    pub struct SoftmaxAxisForward {
        pub x: *const f32,
        pub y: *mut f32,
        pub outer: u32,
        pub classes: u32,
        pub inner: u32,
        pub log: u32,
    }
}

kernel_args! {
    /// All contiguous; dx may be dy or y.
    pub struct SoftmaxAxisBackward {
        pub dy: *const f32,
        pub y: *const f32,
        pub dx: *mut f32,
        pub outer: u32,
        pub classes: u32,
        pub inner: u32,
        pub log: u32,
    }
}

pub const KERNELS: &[Kernel] = &[
    row!("softmaxAxis.forward.f32/scalar", SoftmaxAxisForward, scalar::forward),
    reference_row!("softmaxAxis.forward.f32/reference", SoftmaxAxisForward, reference::forward),
    row!("softmaxAxis.backward.f32/scalar", SoftmaxAxisBackward, scalar::backward),
    reference_row!("softmaxAxis.backward.f32/reference", SoftmaxAxisBackward, reference::backward),
];

/// Columns of inner that an item walks side by side: a cache line.
const COLUMNS: usize = 16;

/// Place of the first element of each item, `classes` rows of `inner` floats below each other, and how many columns it has.
fn items(task: &Task, [outer, classes, inner]: [u32; 3]) -> impl Iterator<Item = (usize, Range<usize>)> {
    let [classes, inner] = [classes, inner].map(|size| size as usize);
    let blocks = inner.div_ceil(COLUMNS);
    task.range(outer * blocks as u32).map(move |item| {
        let first = item % blocks * COLUMNS;
        (item / blocks * classes * inner + first, 0..COLUMNS.min(inner - first))
    })
}
