//! Sixteen channels at a time, so that four sums hide the latency of an addition.

use super::{SumPixels, items};
use crate::abi::Task;
use crate::lanes::Lanes;
use crate::loops::{Column, across, load_all, store_all};

struct Sums {
    x: *const f32,
    stride: usize,
    pixels: usize,
    y: *mut f32,
}

impl Column for Sums {
    #[inline(always)]
    unsafe fn down<L: Lanes, const V: usize>(&self, c: usize) {
        let mut sums = [L::zero(); V];
        // SAFETY: the columns lie within the block.
        unsafe {
            let mut x = self.x.add(c);
            for _ in 0..self.pixels {
                let row: [L; V] = load_all(x);
                sums = core::array::from_fn(|v| sums[v].add(row[v]));
                x = x.add(self.stride);
            }
            store_all(sums, self.y.add(c));
        }
    }
}

/// # Safety
/// As for the reference.
pub unsafe fn sum<L: Lanes>(s: &SumPixels, task: &Task) {
    let stride = s.x_stride as usize;
    for (q, pixels, channels) in items(s, task) {
        // SAFETY: pixels and channels lie within the tensors.
        unsafe {
            let y = s.y.add(q * s.channels as usize);
            across::<L, 4>(&Sums { x: s.x.add(pixels.start * stride), stride, pixels: pixels.len(), y }, channels);
        }
    }
}
