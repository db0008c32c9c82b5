//! The definition, with sums in f64.

use super::{SumPixels, items};
use crate::abi::Task;

/// # Safety
/// `x` covers `pixels` rows at its stride, `y` one row for each partition.
pub unsafe fn sum(s: &SumPixels, task: &Task) {
    for (q, pixels, channels) in items(s, task) {
        for c in channels {
            // SAFETY: p and c are in range.
            unsafe {
                let x = |p: usize| *s.x.add(p * s.x_stride as usize + c) as f64;
                *s.y.add(q * s.channels as usize + c) = pixels.clone().map(x).sum::<f64>() as f32;
            }
        }
    }
}
