//! The definition, element by element. Chunks share the images.

use super::AdaptiveAvgPool2d;
use crate::abi::Task;
use crate::pixels::Pixels;

impl AdaptiveAvgPool2d {
    fn pixels(&self) -> u32 {
        self.images * self.height * self.width
    }
    fn windows(&self) -> u32 {
        self.images * self.out_height * self.out_width
    }
    /// The pixels of x that window i of image n takes.
    fn taken(&self, n: usize, i: usize) -> impl Iterator<Item = usize> + Clone {
        let [height, width, out_h, out_w] = [self.height, self.width, self.out_height, self.out_width].map(|v| v as usize);
        let (oh, ow) = (i / out_w, i % out_w);
        let rows = oh * height / out_h..((oh + 1) * height).div_ceil(out_h);
        let columns = ow * width / out_w..((ow + 1) * width).div_ceil(out_w);
        rows.flat_map(move |h| columns.clone().map(move |w| (n * height + h) * width + w))
    }
}

/// # Safety
/// `from` covers `images·height·width` pixels, `to` those of the output.
pub unsafe fn forward(a: &AdaptiveAvgPool2d, task: &Task) {
    let windows = (a.out_height * a.out_width) as usize;
    // SAFETY: as above.
    let [x, y] = unsafe {
        [Pixels::new(a.from, a.from_stride, a.pixels(), a.channels), Pixels::new(a.to, a.to_stride, a.windows(), a.channels)]
    };
    for (n, i) in task.range(a.images).flat_map(|n| (0..windows).map(move |i| (n, i))) {
        for c in 0..a.channels as usize {
            let sum: f64 = a.taken(n, i).map(|pixel| x.at(pixel, c)).sum();
            y.set(n * windows + i, c, sum / a.taken(n, i).count() as f64);
        }
    }
}

/// # Safety
/// `to` covers `images·height·width` pixels, `from` those of the output.
pub unsafe fn backward(a: &AdaptiveAvgPool2d, task: &Task) {
    let (image, windows) = ((a.height * a.width) as usize, (a.out_height * a.out_width) as usize);
    // SAFETY: as above.
    let [dy, dx] = unsafe {
        [Pixels::new(a.from, a.from_stride, a.windows(), a.channels), Pixels::new(a.to, a.to_stride, a.pixels(), a.channels)]
    };
    for n in task.range(a.images) {
        for c in 0..a.channels as usize {
            (n * image..(n + 1) * image).for_each(|pixel| dx.set(pixel, c, 0.0));
            for i in 0..windows {
                let share = dy.at(n * windows + i, c) / a.taken(n, i).count() as f64;
                a.taken(n, i).for_each(|pixel| dx.set(pixel, c, dx.at(pixel, c) + share));
            }
        }
    }
}
