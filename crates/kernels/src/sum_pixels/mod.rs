//! `y[q, c] = Σ_p x[p, c]` over the q-th of `partitions` equal ranges of pixels.
//!
//! With as many partitions as wanted and then one, it is a sum whose order does not depend on threads.

pub mod reference;
pub mod simd;
#[cfg(test)]
mod tests;

use crate::abi::{Kernel, Task};
use crate::lanes::Vector;
use core::ops::Range;

kernel_args! {
    /// `y` is contiguous, `[partitions, channels]`. An item is one partition of `block_channels` channels (a multiple of 4).
    pub struct SumPixels {
        pub x: *const f32,
        pub x_stride: u32,
        pub y: *mut f32,
        pub pixels: u32,
        pub channels: u32,
        pub partitions: u32,
        pub block_channels: u32,
    }
}

pub const KERNELS: &[Kernel] = &[
    row!("sum_pixels.f32/simd", SumPixels, simd::sum::<Vector>),
    reference_row!("sum_pixels.f32/reference", SumPixels, reference::sum),
];

/// Partition, its pixels and the channels of each item of a chunk.
fn items(s: &SumPixels, task: &Task) -> impl Iterator<Item = (usize, Range<usize>, Range<usize>)> {
    let (pixels, channels) = (s.pixels as u64, s.channels as usize);
    let (partitions, width) = (s.partitions as u64, s.block_channels as usize);
    let blocks = channels.div_ceil(width);
    task.range(s.partitions * blocks as u32).map(move |item| {
        let (q, block) = (item / blocks, item % blocks);
        let cut = |q: usize| (pixels * q as u64 / partitions) as usize;
        (q, cut(q)..cut(q + 1), block * width..channels.min((block + 1) * width))
    })
}
