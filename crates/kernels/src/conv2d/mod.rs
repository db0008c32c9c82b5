//! `y[n, oy, ox, o] = act(Σ_(kh, kw, c) x[n, oy·s + kh·d - p, ox·s + kw·d - p, c]·w[kh, kw, c, o] + bias[o] + residual)`
//!
//! A cross-correlation over images in NHWC; `groups` divide both channels, x is zero outside the image.
//! All passes are products of [`gemm`](crate::gemm): forward is (pixels × taps)·(taps × out channels), the gradient of
//! the input is forward on dy with reversed taps, that of the weights is (taps × pixels)·(pixels × out channels).

pub mod backward_weight;
pub mod geometry;
pub mod im2col;
pub mod implicit_gemm;
pub mod pointwise;
pub mod positions;
pub mod reference;
pub mod rows;
pub mod taps_weight;
#[cfg(test)]
mod tests;
pub mod units;
pub mod winograd;

use crate::abi::Kernel;
use crate::gemm::GemmPack;
use crate::lanes::Vector;
pub use geometry::ConvGeometry;
use winograd::{F2, F4, StridedF2, UnscaledF4};

kernel_args! {
    /// Batch norm between its statistics and ReLU, `[channels]` each; null where there is none.
    pub struct Norm {
        pub mean: *const f32,
        pub gamma: *const f32,
        pub rstd: *const f32,
        pub beta: *const f32,
    }
}

kernel_args! {
    /// `w` is in panels of `kernel_height·kernel_width·in_channels/groups` rows for each group; for the reference it is
    /// `[KH, KW, C/groups, O]`. `bias` and `residual` may be null; paddings may be negative, and a kernel without taps
    /// gives zeros.
    ///
    /// Pixel (n, oy, ox) of y and residual is pixel `n·y_image + oy·y_row + ox·y_column`: a phase of a gradient writes
    /// every second pixel only. A unit is `unit_rows` rows of `unit_images` images for `unit_channels` channels of one
    /// group. The norm is before the convolution, for the variant that has it. `most` is what y is at most
    /// where there is a ReLU; without one it means nothing.
    pub struct Conv2dForward {
        pub x: *const f32,
        pub x_stride: u32,
        pub w: *const f32,
        pub bias: *const f32,
        pub residual: *const f32,
        pub residual_stride: u32,
        pub y: *mut f32,
        pub y_stride: u32,
        pub y_column: u32,
        pub y_row: u32,
        pub y_image: u32,
        pub geometry: ConvGeometry,
        pub relu: u32,
        pub most: f32,
        pub unit_images: u32,
        pub unit_rows: u32,
        pub unit_channels: u32,
        pub norm: Norm,
    }
}

kernel_args! {
    /// A kernel of 3×3 with stride 1, or that of the variant, dilation 1 and one group; `w` is transformed, for the lean variant
    /// in panels. `bias` and `residual` may be null. A unit is `unit_tiles` tiles of outputs for `unit_channels` out channels (a
    /// multiple of 16). The norm is beside the convolution, as the variants that have it explain, and so is what follows it.
    pub struct Conv2dWinograd {
        pub x: *const f32,
        pub x_stride: u32,
        pub w: *const f32,
        pub bias: *const f32,
        pub residual: *const f32,
        pub residual_stride: u32,
        pub y: *mut f32,
        pub y_stride: u32,
        pub geometry: ConvGeometry,
        pub relu: u32,
        pub unit_tiles: u32,
        pub unit_channels: u32,
        pub norm: Norm,
        pub norm_x: *const f32,
        pub norm_x_stride: u32,
        pub partials: *mut f32,
    }
}

kernel_args! {
    /// The same convolution's gradient of the weights; `dw` is `[partitions, 3, 3, C, O]`, each from one of `partitions` equal
    /// ranges of units. A unit is `unit_tiles` tiles; an item is one partition for `unit_channels` out channels (a multiple
    /// of 16). The norm is the one that makes x.
    pub struct Conv2dWinogradWeight {
        pub x: *const f32,
        pub x_stride: u32,
        pub dy: *const f32,
        pub dy_stride: u32,
        pub dw: *mut f32,
        pub geometry: ConvGeometry,
        pub partitions: u32,
        pub unit_tiles: u32,
        pub unit_channels: u32,
        pub norm: Norm,
    }
}

kernel_args! {
    /// The gradient of the weights, with one group; `dw` is `[partitions, KH, KW, C, O]`, each from one of `partitions` equal
    /// ranges of the pixels that a tap reaches. A unit is at most `unit_pixels` pixels; an item is one partition of a tap for
    /// `unit_depth` channels (a multiple of 4) and `unit_channels` out channels (of 16).
    pub struct Conv2dTapsWeight {
        pub x: *const f32,
        pub x_stride: u32,
        pub dy: *const f32,
        pub dy_stride: u32,
        pub dw: *mut f32,
        pub geometry: ConvGeometry,
        pub partitions: u32,
        pub unit_pixels: u32,
        pub unit_depth: u32,
        pub unit_channels: u32,
    }
}

kernel_args! {
    /// The definition of the input's gradient, for tests: `w` is `[KH, KW, C/groups, O]`.
    pub struct Conv2dBackwardInput {
        pub dy: *const f32,
        pub dy_stride: u32,
        pub w: *const f32,
        pub dx: *mut f32,
        pub dx_stride: u32,
        pub geometry: ConvGeometry,
    }
}

kernel_args! {
    /// `dw` is `[partitions, KH, KW, C/groups, O]`, each the gradient from one of `partitions` equal ranges of units; the
    /// reference writes one partition. Rows of x are copied, `copied_pixel` floats from pixel to pixel, or read in place if
    /// that is 0, when no window may leave the image. A unit is `unit_rows` rows of `unit_images` images; an item is one partition for
    /// `unit_channels` output channels of one group.
    pub struct Conv2dBackwardWeight {
        pub x: *const f32,
        pub x_stride: u32,
        pub dy: *const f32,
        pub dy_stride: u32,
        pub dw: *mut f32,
        pub geometry: ConvGeometry,
        pub copied_pixel: u32,
        pub partitions: u32,
        pub unit_images: u32,
        pub unit_rows: u32,
        pub unit_channels: u32,
    }
}

pub const KERNELS: &[Kernel] = &[
    row!("conv2d.pack.f32/winograd_2x2", GemmPack, winograd::pack::pack::<Vector, F2, 2, 4>),
    row!("conv2d.pack.f32/winograd_2x2_strided", GemmPack, winograd::pack::pack::<Vector, StridedF2, 2, 5>),
    row!("conv2d.pack.f32/winograd_4x4", GemmPack, winograd::pack::pack::<Vector, F4, 4, 6>),
    row!("conv2d.forward.f32/implicit_gemm", Conv2dForward, implicit_gemm::forward::<Vector>),
    row!("conv2d.forward.f32/pointwise", Conv2dForward, pointwise::forward::<Vector>),
    row!("conv2d.forward.f32/pointwise_of_norm", Conv2dForward, pointwise::forward_of_norm::<Vector>),
    row!("conv2d.forward.f32/positions", Conv2dForward, positions::forward::<Vector>),
    row!("conv2d.forward.f32/winograd_2x2", Conv2dWinograd, winograd::forward::forward::<Vector, F2, 2, 4>),
    row!("conv2d.forward.f32/winograd_2x2_strided", Conv2dWinograd, winograd::forward::forward::<Vector, StridedF2, 2, 5>),
    row!("conv2d.forward.f32/winograd_2x2_strided_lean", Conv2dWinograd, winograd::lean::forward::<Vector, StridedF2, 2, 5>),
    row!("conv2d.forward.f32/winograd_4x4", Conv2dWinograd, winograd::forward::forward::<Vector, F4, 4, 6>),
    row!("conv2d.forward.f32/winograd_4x4_lean", Conv2dWinograd, winograd::lean::forward::<Vector, UnscaledF4, 4, 6>),
    row!("conv2d.forward.f32/winograd_4x4_of_norm", Conv2dWinograd, winograd::forward::forward_of_norm::<Vector, F4, 4, 6>),
    row!("conv2d.forward.f32/im2col", Conv2dForward, im2col::forward::<Vector>),
    reference_row!("conv2d.forward.f32/reference", Conv2dForward, reference::forward),
    row!("conv2d.backward_input.f32/implicit_gemm", Conv2dForward, implicit_gemm::forward::<Vector>),
    row!("conv2d.backward_input.f32/pointwise", Conv2dForward, pointwise::forward::<Vector>),
    row!("conv2d.backward_input.f32/positions", Conv2dForward, positions::forward::<Vector>),
    row!("conv2d.backward_input.f32/winograd_2x2", Conv2dWinograd, winograd::forward::forward::<Vector, F2, 2, 4>),
    row!("conv2d.backward_input.f32/winograd_4x4", Conv2dWinograd, winograd::forward::forward::<Vector, F4, 4, 6>),
    row!("conv2d.backward_input.f32/winograd_4x4_lean", Conv2dWinograd, winograd::lean::forward::<Vector, UnscaledF4, 4, 6>),
    row!("conv2d.backward_input.f32/winograd_4x4_to_norm", Conv2dWinograd, winograd::forward::norm_gradient::<Vector>),
    reference_row!("conv2d.backward_input.f32/reference", Conv2dBackwardInput, reference::backward_input),
    row!("conv2d.backward_weight.f32/taps", Conv2dTapsWeight, taps_weight::outer_product::<Vector>),
    row!("conv2d.backward_weight.f32/outer_product", Conv2dBackwardWeight, backward_weight::outer_product::<Vector>),
    row!("conv2d.backward_weight.f32/winograd_4x4", Conv2dWinogradWeight, winograd::backward_weight::outer_product::<Vector>),
    row!(
        "conv2d.backward_weight.f32/winograd_4x4_of_norm",
        Conv2dWinogradWeight,
        winograd::backward_weight::outer_product_of_norm::<Vector>
    ),
    reference_row!("conv2d.backward_weight.f32/reference", Conv2dBackwardWeight, reference::backward_weight),
];
