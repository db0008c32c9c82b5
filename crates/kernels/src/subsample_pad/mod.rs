//! Shortcut A: every `stride`-th pixel of `[N, H, W, C]`, with channels of zeros added before and after:
//! `y[n, h, w, before + c] = x[n, h·stride, w·stride, c]`, `OH = ⌈H/stride⌉`, `OW = ⌈W/stride⌉`.
//!
//! Backward: `dx[n, h·stride, w·stride, c] = dy[n, h, w, before + c]`, 0 at the other pixels.
//! Source: He et al., "Deep residual learning for image recognition", 2015, section 3.3, option A.

pub mod reference;
pub mod simd;
#[cfg(test)]
mod tests;

use crate::abi::Kernel;
use crate::lanes::Vector;

kernel_args! {
    /// `height`, `width` and `channels` are those of x; y has `before + channels + after` channels.
    pub struct SubsamplePadForward {
        pub x: *const f32,
        pub x_stride: u32,
        pub y: *mut f32,
        pub y_stride: u32,
        pub images: u32,
        pub height: u32,
        pub width: u32,
        pub channels: u32,
        pub stride: u32,
        pub before: u32,
        pub after: u32,
    }
}

kernel_args! {
    /// Sizes as in the forward pass.
    pub struct SubsamplePadBackward {
        pub dy: *const f32,
        pub dy_stride: u32,
        pub dx: *mut f32,
        pub dx_stride: u32,
        pub images: u32,
        pub height: u32,
        pub width: u32,
        pub channels: u32,
        pub stride: u32,
        pub before: u32,
    }
}

pub const KERNELS: &[Kernel] = &[
    row!("subsamplePad.forward.f32/simd", SubsamplePadForward, simd::forward::<Vector>),
    reference_row!("subsamplePad.forward.f32/reference", SubsamplePadForward, reference::forward),
    row!("subsamplePad.backward.f32/simd", SubsamplePadBackward, simd::backward::<Vector>),
    reference_row!("subsamplePad.backward.f32/reference", SubsamplePadBackward, reference::backward),
];
