//! `y = x·mask` over `[pixels, channels]`; the mask is 0 with probability p, else `scale = 1/(1 - p)`.
//!
//! Element i (of the contiguous tensor) takes word i of the stream at (seed, step) of `state`, whatever the chunks.
//! Source: Srivastava et al., "Dropout", 2014.

pub mod reference;
#[cfg(test)]
mod tests;

use crate::abi::{Kernel, Task};
use crate::loops::spans;
use crate::random::philox::Words;
use crate::random::unit;

kernel_args! {
    /// `state`: seed low, seed high, step low, step high.
    pub struct DropoutForward {
        pub x: *const f32,
        pub x_stride: u32,
        pub state: *const u32,
        pub y: *mut f32,
        pub y_stride: u32,
        pub mask: *mut f32,
        pub mask_stride: u32,
        pub pixels: u32,
        pub channels: u32,
        pub stream: u32,
        pub p: f32,
        pub scale: f32,
    }
}

pub const KERNELS: &[Kernel] = &[
    row!("dropout.forward.f32/scalar", DropoutForward, forward),
    reference_row!("dropout.forward.f32/reference", DropoutForward, reference::forward),
];

/// # Safety
/// Pointers cover `pixels` rows at their strides; `state` is four words.
pub unsafe fn forward(a: &DropoutForward, task: &Task) {
    // SAFETY: state is four words.
    let [seed, step] = unsafe { [[*a.state, *a.state.add(1)], [*a.state.add(2), *a.state.add(3)]] };
    let words = Words::new(seed, a.stream, step);
    for span in spans(task, a.pixels, a.channels, &[a.x_stride, a.y_stride, a.mask_stride]) {
        let first = span.first(a.channels);
        // SAFETY: the span lies within the tensors.
        unsafe {
            let (x, y) = (span.at(a.x, a.x_stride), span.at_mut(a.y, a.y_stride));
            let mask = span.at_mut(a.mask, a.mask_stride);
            words.visit(first..first + span.len, |index, word| {
                let i = index - first;
                let factor = if unit(word) < a.p { 0.0 } else { a.scale };
                *mask.add(i) = factor;
                *y.add(i) = *x.add(i) * factor;
            });
        }
    }
}
