//! A row of outputs reads the rows of x that its taps reach.

use super::line::Line;
use super::scratch::Scratch;
use super::{Units, taps_inside};
use crate::abi::Task;
use crate::conv2d::Conv2dForward;
use crate::lanes::Lanes;

/// Outputs that are told of at a time, at least: they are still in a first-level cache.
const TOLD: usize = 2048;

/// # Safety
/// Pointers cover the tensors; `w` is `[KH, KW, C]` and groups have one channel each; scratch holds zeros for the channels of a
/// unit, and a table of pointers: for each row of taps as many as a tile of outputs reads.
#[inline(never)]
pub unsafe fn forward<L: Lanes>(a: &Conv2dForward, task: &Task) {
    let g = &a.geometry;
    let [height, width, channels, kernel_width, out_width] =
        [g.height, g.width, g.in_channels, g.kernel_width, g.out_width].map(|size| size as usize);
    let [x_stride, y_stride, residual_stride] = [a.x_stride, a.y_stride, a.residual_stride].map(|stride| stride as usize);
    let units =
        Units { rows: g.out_height as usize, unit_rows: a.unit_rows as usize, channels, unit_channels: a.unit_channels as usize };
    let dilation = g.dilation_height as usize;
    // SAFETY: rows, taps and channels are in range; pointers that may be null stay so.
    unsafe {
        let scratch = Scratch::new(task.scratch, units.unit_channels.min(channels));
        for item in task.range(units.count(g.batch)) {
            let (image, rows, range) = units.item(item);
            let mut told = rows.start;
            for row in rows.clone() {
                let top = (row * g.stride_height as usize) as isize - g.pad_top as isize;
                let taps = taps_inside(top, g.kernel_height as usize, dilation, height);
                let x_row = (top + (taps.start * dilation) as isize).max(0) as usize;
                let pixel = image * a.y_image as usize + row * a.y_row as usize;
                let shifted = |p: *const f32, offset: usize| if p.is_null() { p } else { p.add(offset) };
                let line = Line {
                    x: a.x.wrapping_add((image * height + x_row) * width * x_stride + range.start),
                    x_row: (dilation * width * x_stride) as isize,
                    x_pixel: x_stride,
                    width,
                    rows: taps.len(),
                    w: a.w.wrapping_add(taps.start * kernel_width * channels + range.start),
                    w_row: (kernel_width * channels) as isize,
                    w_tap: channels as isize,
                    taps: kernel_width,
                    start: -(g.pad_left as isize),
                    stride: g.stride_width as usize,
                    dilation: g.dilation_width as usize,
                    outputs: out_width,
                    y: a.y.add(pixel * y_stride + range.start),
                    y_step: a.y_column as usize * y_stride,
                    residual: shifted(a.residual, pixel * residual_stride + range.start),
                    residual_step: a.y_column as usize * residual_stride,
                    bias: shifted(a.bias, range.start),
                    relu: a.relu != 0,
                    most: a.most,
                    channels: range.len(),
                };
                line.walk::<L>(scratch);
                if task.then.is_some() && (row + 1 == rows.end || (row + 1 - told) * out_width * range.len() >= TOLD) {
                    let pixel = image * a.y_image as usize + told * a.y_row as usize;
                    task.finished(pixel..pixel + (row + 1 - told) * out_width, range.clone());
                    told = row + 1;
                }
            }
        }
    }
}
