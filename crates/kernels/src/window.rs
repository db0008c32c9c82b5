//! Windows of a pooling along one axis: which pixels a window takes, which windows take a pixel.

use core::ops::Range;

/// One axis of a pooling; windows and pixels are counted from 0.
pub trait Axis: Copy {
    /// Pixels.
    fn size(&self) -> usize;
    /// Windows.
    fn windows(&self) -> usize;
    /// The pixels of a window, `step` apart.
    fn pixels(&self, window: usize) -> Range<usize>;
    fn step(&self) -> usize {
        1
    }
    /// What the sum of a window is divided by for its mean.
    fn divisor(&self, window: usize) -> usize;
    /// The windows that reach over a pixel.
    fn over(&self, pixel: usize) -> Range<usize>;
}

/// Windows of one size at a fixed stride over a padded axis.
#[derive(Clone, Copy)]
pub struct Sliding {
    pub size: u32,
    pub windows: u32,
    pub kernel: u32,
    pub stride: u32,
    pub dilation: u32,
    pub before: u32,
    pub after: u32,
    /// Whether padding counts in the mean; what a window of ceil mode takes beyond the padding never does.
    pub count_padding: bool,
}

impl Axis for Sliding {
    fn size(&self) -> usize {
        self.size as usize
    }
    fn windows(&self) -> usize {
        self.windows as usize
    }
    fn step(&self) -> usize {
        self.dilation as usize
    }
    fn pixels(&self, window: usize) -> Range<usize> {
        let start = window as u32 * self.stride;
        let first = self.before.saturating_sub(start).div_ceil(self.dilation);
        let start = (start + first * self.dilation).saturating_sub(self.before);
        let end = start + self.kernel.saturating_sub(first) * self.dilation;
        start as usize..end.min(self.size) as usize
    }
    fn divisor(&self, window: usize) -> usize {
        if !self.count_padding {
            return self.pixels(window).len();
        }
        let start = window as u32 * self.stride;
        ((start + self.kernel).min(self.before + self.size + self.after) - start) as usize
    }
    fn over(&self, pixel: usize) -> Range<usize> {
        let place = pixel as u32 + self.before;
        let first = place.saturating_sub((self.kernel - 1) * self.dilation).div_ceil(self.stride);
        first as usize..(place / self.stride + 1).min(self.windows) as usize
    }
}

/// Windows that divide an axis as evenly as whole pixels allow; they may share pixels.
#[derive(Clone, Copy)]
pub struct Adaptive {
    pub size: u32,
    pub windows: u32,
}

impl Axis for Adaptive {
    fn size(&self) -> usize {
        self.size as usize
    }
    fn windows(&self) -> usize {
        self.windows as usize
    }
    fn pixels(&self, window: usize) -> Range<usize> {
        let [start, end] = [window, window + 1].map(|edge| edge as u32 * self.size);
        (start / self.windows) as usize..end.div_ceil(self.windows) as usize
    }
    fn divisor(&self, window: usize) -> usize {
        self.pixels(window).len()
    }
    fn over(&self, pixel: usize) -> Range<usize> {
        let [start, end] = [pixel, pixel + 1].map(|edge| edge as u32 * self.windows);
        (start / self.size) as usize..end.div_ceil(self.size) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Random;

    fn assert_dual(axis: impl Axis, what: &str) {
        for pixel in 0..axis.size() {
            for window in 0..axis.windows() {
                let taken = axis.pixels(window).step_by(axis.step()).any(|p| p == pixel);
                let over = axis.over(pixel).contains(&window);
                assert!(over || !taken, "{what}: window {window} takes pixel {pixel}");
                assert!(taken || !over || axis.step() > 1, "{what}: window {window} is not over pixel {pixel}");
            }
        }
    }

    #[test]
    fn pixels_and_windows_agree() {
        let mut random = Random(1);
        for _ in 0..2000 {
            let (kernel, stride, dilation) = (random.int(1, 4), random.int(1, 4), random.int(1, 2));
            let (before, after) = (random.int(0, kernel - 1), random.int(0, kernel - 1));
            let size = (dilation * (kernel - 1) + 1).saturating_sub(before + after).max(1) + random.int(0, 9);
            let windows = (size + before + after - dilation * (kernel - 1) - 1) / stride + 1;
            let count_padding = true;
            let axis = Sliding { size, windows, kernel, stride, dilation, before, after, count_padding };
            assert_dual(axis, "sliding");
            for window in 0..windows {
                let naive: Vec<usize> = (0..kernel)
                    .map(|k| (window * stride + k * dilation) as i64 - before as i64)
                    .filter(|&pixel| pixel >= 0 && pixel < size as i64)
                    .map(|pixel| pixel as usize)
                    .collect();
                let pixels = axis.pixels(window as usize).step_by(dilation as usize);
                assert_eq!(pixels.collect::<Vec<_>>(), naive);
            }
            assert_dual(Adaptive { size, windows: random.int(1, 9) }, "adaptive");
        }
    }
}
