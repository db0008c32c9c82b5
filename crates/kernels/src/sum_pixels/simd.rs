//! Sixteen channels at a time, so that four sums hide the latency of an addition.

use super::{SumPixels, items};
use crate::abi::Task;
use crate::lanes::Lanes;
use core::ops::Range;

/// # Safety
/// As for the reference.
pub unsafe fn sum<L: Lanes>(s: &SumPixels, task: &Task) {
    for (q, pixels, channels) in items(s, task) {
        let mut c = channels.start;
        // SAFETY: c and what lies before the next step stay within the channels.
        unsafe {
            let y = s.y.add(q * s.channels as usize);
            while c + 16 <= channels.end {
                columns::<L, 4>(s, &pixels, c, y);
                c += 16;
            }
            while c + 4 <= channels.end {
                columns::<L, 1>(s, &pixels, c, y);
                c += 4;
            }
            while c < channels.end {
                *y.add(c) = pixels.clone().map(|p| *s.x.add(p * s.x_stride as usize + c)).sum();
                c += 1;
            }
        }
    }
}

/// # Safety
/// `4·V` channels exist from `c` on.
#[inline(always)]
unsafe fn columns<L: Lanes, const V: usize>(s: &SumPixels, pixels: &Range<usize>, c: usize, y: *mut f32) {
    let mut sums = [L::zero(); V];
    // SAFETY: the caller vouches for pixels and channels.
    unsafe {
        let mut x = s.x.add(pixels.start * s.x_stride as usize + c);
        for _ in pixels.clone() {
            for (v, sum) in sums.iter_mut().enumerate() {
                *sum = sum.add(L::load(x.add(4 * v)));
            }
            x = x.add(s.x_stride as usize);
        }
        for (v, sum) in sums.into_iter().enumerate() {
            sum.store(y.add(c + 4 * v));
        }
    }
}
