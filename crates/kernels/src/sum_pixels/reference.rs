//! The definition, with sums in f64.

use super::{SumPixels, items};
use crate::abi::Task;
use crate::pixels::Pixels;

/// # Safety
/// `x` covers `pixels` rows at its stride, `y` one row for each partition.
pub unsafe fn sum(s: &SumPixels, task: &Task) {
    // SAFETY: as above.
    let [x, y] =
        unsafe { [Pixels::new(s.x, s.x_stride, s.pixels, s.channels), Pixels::new(s.y, s.channels, s.partitions, s.channels)] };
    for (q, pixels, channels) in items(s, task) {
        for c in channels {
            y.set(q, c, pixels.clone().map(|p| x.at(p, c)).sum());
        }
    }
}
