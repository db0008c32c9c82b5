//! Mean over windows of `[N, H, W, C]`. Padding is zeros that count in the mean or not; what a window of ceil mode takes
//! beyond the padding never counts.
//!
//! Backward: each pixel gathers `dy / divisor` from the windows over it, in row-major order of windows.

pub mod reference;
pub mod simd;
#[cfg(test)]
mod tests;

use crate::abi::{Kernel, Task};
use crate::lanes::{Lanes, Vector};
use crate::window::Sliding;

kernel_args! {
    /// `from` is x forward and dy backward, `to` is y forward and dx backward; sizes are those of the forward pass.
    pub struct AvgPool2d {
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
        pub kernel_height: u32,
        pub kernel_width: u32,
        pub stride_height: u32,
        pub stride_width: u32,
        pub pad_top: u32,
        pub pad_right: u32,
        pub pad_bottom: u32,
        pub pad_left: u32,
        pub count_padding: u32,
    }
}

impl AvgPool2d {
    fn problem(&self) -> Problem<Sliding> {
        let sliding = |size, windows, kernel, stride, before, after| Sliding {
            size,
            windows,
            kernel,
            stride,
            dilation: 1,
            before,
            after,
            count_padding: self.count_padding != 0,
        };
        Problem {
            from: self.from,
            from_stride: self.from_stride as usize,
            to: self.to,
            to_stride: self.to_stride as usize,
            images: self.images,
            channels: self.channels as usize,
            vertical: sliding(
                self.height,
                self.out_height,
                self.kernel_height,
                self.stride_height,
                self.pad_top,
                self.pad_bottom,
            ),
            horizontal: sliding(self.width, self.out_width, self.kernel_width, self.stride_width, self.pad_left, self.pad_right),
        }
    }
}

/// A mean over windows, whatever the windows are.
#[derive(Clone, Copy)]
pub struct Problem<A> {
    pub from: *const f32,
    pub from_stride: usize,
    pub to: *mut f32,
    pub to_stride: usize,
    pub images: u32,
    pub channels: usize,
    pub vertical: A,
    pub horizontal: A,
}

/// # Safety
/// Pointers cover the pixels of both sides at their strides.
unsafe fn forward<L: Lanes>(a: &AvgPool2d, task: &Task) {
    // SAFETY: as above.
    unsafe { simd::forward::<L, _>(&a.problem(), task) }
}

/// # Safety
/// As for [`forward`].
unsafe fn backward<L: Lanes>(a: &AvgPool2d, task: &Task) {
    // SAFETY: as above.
    unsafe { simd::backward::<L, _>(&a.problem(), task) }
}

pub const KERNELS: &[Kernel] = &[
    row!("avgPool2d.forward.f32/simd", AvgPool2d, forward::<Vector>),
    reference_row!("avgPool2d.forward.f32/reference", AvgPool2d, reference::forward),
    row!("avgPool2d.backward.f32/simd", AvgPool2d, backward::<Vector>),
    reference_row!("avgPool2d.backward.f32/reference", AvgPool2d, reference::backward),
];
