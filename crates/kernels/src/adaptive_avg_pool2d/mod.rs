//! Mean over `OH×OW` windows that divide `[N, H, W, C]`: window i of an axis takes the pixels from `⌊i·H/OH⌋` up to
//! `⌈(i + 1)·H/OH⌉`, as in PyTorch. One window is the global mean.

pub mod reference;
#[cfg(test)]
mod tests;

use crate::abi::{Kernel, Task};
use crate::avg_pool2d::{Problem, simd};
use crate::lanes::{Lanes, Vector};
use crate::window::Adaptive;

kernel_args! {
    /// `from` is x forward and dy backward, `to` is y forward and dx backward; sizes are those of the forward pass.
    pub struct AdaptiveAvgPool2d {
        pub from: *const f32,
        pub from_stride: u32,
        pub to: *mut f32,
        pub to_stride: u32,
        pub images: u32,
        pub height: u32,
        pub width: u32,
        pub channels: u32,
        pub out_height: u32,
        pub out_width: u32,
    }
}

impl AdaptiveAvgPool2d {
    fn problem(&self) -> Problem<Adaptive> {
        Problem {
            from: self.from,
            from_stride: self.from_stride as usize,
            to: self.to,
            to_stride: self.to_stride as usize,
            images: self.images,
            channels: self.channels as usize,
            vertical: Adaptive { size: self.height, windows: self.out_height },
            horizontal: Adaptive { size: self.width, windows: self.out_width },
        }
    }
}

/// # Safety
/// Pointers cover the pixels of both sides at their strides.
unsafe fn forward<L: Lanes>(a: &AdaptiveAvgPool2d, task: &Task) {
    // SAFETY: as above.
    unsafe { simd::forward::<L, _>(&a.problem(), task) }
}

/// # Safety
/// As for [`forward`].
unsafe fn backward<L: Lanes>(a: &AdaptiveAvgPool2d, task: &Task) {
    // SAFETY: as above.
    unsafe { simd::backward::<L, _>(&a.problem(), task) }
}

pub const KERNELS: &[Kernel] = &[
    row!("adaptiveAvgPool2d.forward.f32/simd", AdaptiveAvgPool2d, forward::<Vector>),
    reference_row!("adaptiveAvgPool2d.forward.f32/reference", AdaptiveAvgPool2d, reference::forward),
    row!("adaptiveAvgPool2d.backward.f32/simd", AdaptiveAvgPool2d, backward::<Vector>),
    reference_row!("adaptiveAvgPool2d.backward.f32/reference", AdaptiveAvgPool2d, reference::backward),
];
