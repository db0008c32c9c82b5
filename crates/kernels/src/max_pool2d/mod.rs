//! Maximum over windows of `[N, H, W, C]`, with the place `h·W + w` of each maximum in its image.
//!
//! The first maximum in row-major order wins, a NaN is greater than all, padding takes no part.
//! Backward: each pixel gathers dy from the windows whose maximum it is, in row-major order of windows.

pub mod reference;
pub mod simd;
#[cfg(test)]
mod tests;

use crate::abi::Kernel;
use crate::lanes::Vector;
use crate::window::Sliding;

kernel_args! {
    /// Sizes of the forward pass. Padding is `pad_top` rows before and `pad_left` columns before; what lies after follows from
    /// the output's size.
    pub struct MaxPool2dGeometry {
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
        pub dilation_height: u32,
        pub dilation_width: u32,
        pub pad_top: u32,
        pub pad_left: u32,
    }
}

kernel_args! {
    pub struct MaxPool2dForward {
        pub x: *const f32,
        pub x_stride: u32,
        pub y: *mut f32,
        pub y_stride: u32,
        pub index: *mut i32,
        pub index_stride: u32,
        pub geometry: MaxPool2dGeometry,
    }
}

kernel_args! {
    pub struct MaxPool2dBackward {
        pub dy: *const f32,
        pub dy_stride: u32,
        pub index: *const i32,
        pub index_stride: u32,
        pub dx: *mut f32,
        pub dx_stride: u32,
        pub geometry: MaxPool2dGeometry,
    }
}

impl MaxPool2dGeometry {
    /// The windows along height and width.
    pub fn axes(&self) -> [Sliding; 2] {
        let sliding = |size, windows, kernel, stride, dilation, before| Sliding {
            size,
            windows,
            kernel,
            stride,
            dilation,
            before,
            after: 0,
            count_padding: false,
        };
        let (rows, columns) = (self.dilation_height, self.dilation_width);
        [
            sliding(self.height, self.out_height, self.kernel_height, self.stride_height, rows, self.pad_top),
            sliding(self.width, self.out_width, self.kernel_width, self.stride_width, columns, self.pad_left),
        ]
    }
}

pub const KERNELS: &[Kernel] = &[
    row!("maxPool2d.forward.f32/simd", MaxPool2dForward, simd::forward::<Vector>),
    reference_row!("maxPool2d.forward.f32/reference", MaxPool2dForward, reference::forward),
    row!("maxPool2d.backward.f32/simd", MaxPool2dBackward, simd::backward::<Vector>),
    reference_row!("maxPool2d.backward.f32/reference", MaxPool2dBackward, reference::backward),
];
