//! The definition in f64.

use super::{LocalResponseNormBackward, LocalResponseNormForward};
use crate::abi::Task;
use crate::pixels::{Pixels, each};
use core::ops::Range;

/// The channels that the sum of channel c takes.
fn window(c: usize, channels: u32, size: u32) -> Range<usize> {
    let start = c.saturating_sub(size as usize / 2);
    start..(c + (size as usize - size as usize / 2)).min(channels as usize)
}

/// # Safety
/// Pointers cover `pixels` rows at their strides.
pub unsafe fn forward(a: &LocalResponseNormForward, task: &Task) {
    // SAFETY: as above.
    let [x, y] = unsafe {
        [Pixels::new(a.x, a.x_stride, a.pixels, a.channels), Pixels::new(a.y.cast_const(), a.y_stride, a.pixels, a.channels)]
    };
    for (p, c) in each(task, a.pixels, a.channels) {
        let sum: f64 = window(c, a.channels, a.size).map(|other| x.at(p, other) * x.at(p, other)).sum();
        let d = a.k as f64 + a.alpha as f64 / a.size as f64 * sum;
        y.set(p, c, x.at(p, c) / libm::pow(d, a.beta as f64));
    }
}

/// # Safety
/// As for [`forward`].
pub unsafe fn backward(a: &LocalResponseNormBackward, task: &Task) {
    // SAFETY: as above.
    let [dy, x, dx] = unsafe {
        [(a.dy, a.dy_stride), (a.x, a.x_stride), (a.dx.cast_const(), a.dx_stride)]
            .map(|(first, stride)| Pixels::new(first, stride, a.pixels, a.channels))
    };
    let (alpha, beta) = (a.alpha as f64 / a.size as f64, a.beta as f64);
    let d = |p, c| {
        let sum: f64 = window(c, a.channels, a.size).map(|other| x.at(p, other) * x.at(p, other)).sum();
        a.k as f64 + alpha * sum
    };
    for (p, c) in each(task, a.pixels, a.channels) {
        let takers = (0..a.channels as usize).filter(|&other| window(other, a.channels, a.size).contains(&c));
        let sum: f64 = takers.map(|other| dy.at(p, other) * x.at(p, other) / libm::pow(d(p, other), beta + 1.0)).sum();
        dx.set(p, c, dy.at(p, c) / libm::pow(d(p, c), beta) - 2.0 * alpha * beta * x.at(p, c) * sum);
    }
}
