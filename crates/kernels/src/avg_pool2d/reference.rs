//! The definition, element by element. Chunks share the images.

use super::AvgPool2d;
use crate::abi::Task;
use crate::pixels::Pixels;

impl AvgPool2d {
    fn pixels(&self) -> u32 {
        self.images * self.height * self.width
    }
    fn windows(&self) -> u32 {
        self.images * self.out_height * self.out_width
    }
    /// Rows and columns of the padded image that window i takes.
    fn taken(&self, i: usize) -> impl Iterator<Item = (u32, u32)> {
        let (oh, ow) = (i as u32 / self.out_width, i as u32 % self.out_width);
        let [top, left] = [oh * self.stride_height, ow * self.stride_width];
        let bottom = (top + self.kernel_height).min(self.pad_top + self.height + self.pad_bottom);
        let right = (left + self.kernel_width).min(self.pad_left + self.width + self.pad_right);
        (top..bottom).flat_map(move |h| (left..right).map(move |w| (h, w)))
    }
    /// The pixels of x among them, for image n.
    fn inside(&self, n: usize, i: usize) -> impl Iterator<Item = usize> {
        let a = *self;
        self.taken(i).filter_map(move |(h, w)| {
            let (h, w) = (h.checked_sub(a.pad_top)?, w.checked_sub(a.pad_left)?);
            (h < a.height && w < a.width).then_some((n * a.height as usize + h as usize) * a.width as usize + w as usize)
        })
    }
    /// What the sum of window i is divided by.
    fn divisor(&self, i: usize) -> f64 {
        (if self.count_padding != 0 { self.taken(i).count() } else { self.inside(0, i).count() }) as f64
    }
}

/// # Safety
/// `from` covers `images·height·width` pixels, `to` those of the output.
pub unsafe fn forward(a: &AvgPool2d, task: &Task) {
    let windows = (a.out_height * a.out_width) as usize;
    // SAFETY: as above.
    let [x, y] = unsafe {
        [Pixels::new(a.from, a.from_stride, a.pixels(), a.channels), Pixels::new(a.to, a.to_stride, a.windows(), a.channels)]
    };
    for (n, i) in task.range(a.images).flat_map(|n| (0..windows).map(move |i| (n, i))) {
        for c in 0..a.channels as usize {
            let sum: f64 = a.inside(n, i).map(|pixel| x.at(pixel, c)).sum();
            y.set(n * windows + i, c, sum / a.divisor(i));
        }
    }
}

/// # Safety
/// `to` covers `images·height·width` pixels, `from` those of the output.
pub unsafe fn backward(a: &AvgPool2d, task: &Task) {
    let (image, windows) = ((a.height * a.width) as usize, (a.out_height * a.out_width) as usize);
    // SAFETY: as above.
    let [dy, dx] = unsafe {
        [Pixels::new(a.from, a.from_stride, a.windows(), a.channels), Pixels::new(a.to, a.to_stride, a.pixels(), a.channels)]
    };
    for n in task.range(a.images) {
        for c in 0..a.channels as usize {
            (n * image..(n + 1) * image).for_each(|pixel| dx.set(pixel, c, 0.0));
            for i in 0..windows {
                let share = dy.at(n * windows + i, c) / a.divisor(i);
                a.inside(n, i).for_each(|pixel| dx.set(pixel, c, dx.at(pixel, c) + share));
            }
        }
    }
}
