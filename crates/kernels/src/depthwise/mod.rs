//! `y[n, oy, ox, c] = act(Σ_(kh, kw) x[n, oy·s + kh·d - p, ox·s + kw·d - p, c]·w[kh, kw, c] + bias[c] + residual)`
//!
//! The convolution of [`conv2d`](crate::conv2d) whose groups have one channel each: channels are lanes, and weights, `[KH, KW, C]`,
//! are read where they lie. All passes walk along rows, several pixels at a time, whose sums stay in registers together with a
//! row of taps; a column of x is read once for all of them. Rows outside the image are left out; in the tiles at the ends of a
//! row, a column outside is a row of zeros. Each sum adds its taps in the order of the weights, whichever tile it lies in.

pub mod backward_input;
pub mod backward_weight;
pub mod forward;
mod line;
mod scratch;
#[cfg(test)]
mod tests;
mod tile;

use crate::abi::Kernel;
use crate::conv2d::{Conv2dBackwardWeight, Conv2dForward, ConvGeometry};
use crate::lanes::Vector;
use core::ops::Range;

kernel_args! {
    /// The gradient of the input, `bias` and `residual` added to it unless they are null. A unit is `unit_rows` rows of an image of dx for
    /// `unit_channels` channels.
    pub struct DepthwiseBackwardInput {
        pub dy: *const f32,
        pub dy_stride: u32,
        pub w: *const f32,
        pub bias: *const f32,
        pub residual: *const f32,
        pub residual_stride: u32,
        pub dx: *mut f32,
        pub dx_stride: u32,
        pub geometry: ConvGeometry,
        pub unit_rows: u32,
        pub unit_channels: u32,
    }
}

/// Taps of an axis that read a pixel which is there, from `first` on, `step` apart.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Taps {
    first: usize,
    count: usize,
    step: usize,
}

/// The taps of an axis that lie in the image for the output that begins at pixel `at`.
fn taps_inside(at: isize, kernel: usize, dilation: usize, size: usize) -> Range<usize> {
    let first = (-at).max(0) as usize;
    let end = (size as isize - at).max(0) as usize;
    let first = first.div_ceil(dilation).min(kernel);
    first..end.div_ceil(dilation).clamp(first, kernel)
}

/// Items of a pass: images by bands of rows by ranges of channels, which follow each other in this order.
struct Units {
    rows: usize,
    unit_rows: usize,
    channels: usize,
    unit_channels: usize,
}

impl Units {
    fn bands(&self) -> usize {
        self.rows.div_ceil(self.unit_rows)
    }
    fn ranges(&self) -> usize {
        self.channels.div_ceil(self.unit_channels)
    }
    fn count(&self, images: u32) -> u32 {
        images * (self.bands() * self.ranges()) as u32
    }
    /// Image, rows and channels of an item.
    fn item(&self, item: usize) -> (usize, Range<usize>, Range<usize>) {
        let (band, range) = (item / self.ranges(), item % self.ranges());
        let (row, channel) = (band % self.bands() * self.unit_rows, range * self.unit_channels);
        (band / self.bands(), row..self.rows.min(row + self.unit_rows), channel..self.channels.min(channel + self.unit_channels))
    }
}

pub const KERNELS: &[Kernel] = &[
    row!("conv2d.forward.f32/depthwise", Conv2dForward, forward::forward::<Vector>),
    row!("conv2d.backward_input.f32/depthwise", DepthwiseBackwardInput, backward_input::backward_input::<Vector>),
    row!("conv2d.backward_weight.f32/depthwise", Conv2dBackwardWeight, backward_weight::backward_weight::<Vector>),
];
