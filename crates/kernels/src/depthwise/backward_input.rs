//! `dx[n, y, x, c] = Σ dy[n, oy, ox, c]·w[kh, kw, c]` over `oy·s + kh·d - p = y`, `ox·s + kw·d - p = x`, bias and residual.
//!
//! A row of dx gathers from the rows of dy that its taps reach, in rising order. Its columns fall into as many phases as the
//! stride is wide: in each the taps that reach a column are the same, and it is a row of outputs of a convolution at stride 1.

use super::line::Line;
use super::scratch::Scratch;
use super::{DepthwiseBackwardInput, Taps, Units};
use crate::abi::Task;
use crate::lanes::Lanes;

/// # Safety
/// Pointers cover the tensors; `w` is `[KH, KW, C]` and groups have one channel each; scratch holds what
/// [`forward`](super::forward::forward) asks for.
#[inline(never)]
pub unsafe fn backward_input<L: Lanes>(a: &DepthwiseBackwardInput, task: &Task) {
    let g = &a.geometry;
    let [height, width, channels, out_height, out_width] =
        [g.height, g.width, g.in_channels, g.out_height, g.out_width].map(|size| size as usize);
    let [kernel_height, kernel_width, dy_stride, dx_stride, residual_stride] =
        [g.kernel_height, g.kernel_width, a.dy_stride, a.dx_stride, a.residual_stride].map(|size| size as usize);
    let [down, across] = [
        Axis { kernel: kernel_height, stride: g.stride_height, dilation: g.dilation_height, pad: g.pad_top },
        Axis { kernel: kernel_width, stride: g.stride_width, dilation: g.dilation_width, pad: g.pad_left },
    ];
    let units = Units { rows: height, unit_rows: a.unit_rows as usize, channels, unit_channels: a.unit_channels as usize };
    // SAFETY: rows, taps and channels are in range; pointers that may be null stay so.
    unsafe {
        let scratch = Scratch::new(task.scratch, units.unit_channels.min(channels));
        for item in task.range(units.count(g.batch)) {
            let (image, rows, range) = units.item(item);
            for row in rows {
                let vertical = down.reaching(row).inside(&down, row, out_height);
                let lowest = down.output(row, vertical.last()).max(0) as usize;
                for phase in 0..width.min(g.stride_width as usize) {
                    let horizontal = across.reaching(phase);
                    let pixel = (image * height + row) * width + phase;
                    // Taps in falling order read outputs in rising order.
                    let last_tap = vertical.last() * kernel_width + horizontal.last();
                    let shifted = |p: *const f32, offset: usize| if p.is_null() { p } else { p.add(offset) };
                    let line = Line {
                        x: a.dy.wrapping_add((image * out_height + lowest) * out_width * dy_stride + range.start),
                        x_row: (down.step(vertical) * out_width * dy_stride) as isize,
                        x_pixel: dy_stride,
                        width: out_width,
                        rows: if horizontal.count == 0 { 0 } else { vertical.count },
                        w: a.w.wrapping_add(last_tap * channels + range.start),
                        w_row: -((vertical.step * kernel_width * channels) as isize),
                        w_tap: -((horizontal.step * channels) as isize),
                        taps: horizontal.count,
                        start: across.output(phase, horizontal.last()),
                        stride: 1,
                        dilation: across.step(horizontal),
                        outputs: (width - phase).div_ceil(g.stride_width as usize),
                        y: a.dx.add(pixel * dx_stride + range.start),
                        y_step: g.stride_width as usize * dx_stride,
                        residual: shifted(a.residual, pixel * residual_stride + range.start),
                        residual_step: g.stride_width as usize * residual_stride,
                        bias: shifted(a.bias, range.start),
                        relu: false,
                        most: f32::INFINITY,
                        channels: range.len(),
                    };
                    line.walk::<L>(scratch);
                }
            }
        }
    }
}

/// An axis of the convolution.
struct Axis {
    kernel: usize,
    stride: u32,
    dilation: u32,
    pad: i32,
}

impl Axis {
    /// The taps that read pixel `at` for some output, be it outside.
    fn reaching(&self, at: usize) -> Taps {
        let (stride, dilation) = (self.stride as isize, self.dilation as isize);
        let place = at as isize + self.pad as isize;
        let meets = |tap: isize| (place - tap * dilation).rem_euclid(stride) == 0;
        // Taps repeat themselves after a stride at most.
        let Some(first) = (0..stride).find(|&tap| meets(tap)) else { return Taps { first: 0, count: 0, step: 1 } };
        let step = (1..=stride).find(|&step| meets(first + step)).unwrap_or(stride) as usize;
        let first = first as usize;
        Taps { first, count: self.kernel.saturating_sub(first).div_ceil(step), step }
    }
    /// The output for which a tap that reaches pixel `at` reads it.
    fn output(&self, at: usize, tap: usize) -> isize {
        (at as isize + self.pad as isize - tap as isize * self.dilation as isize).div_euclid(self.stride as isize)
    }
    /// Outputs between neighbouring taps.
    fn step(&self, taps: Taps) -> usize {
        taps.step * self.dilation as usize / self.stride as usize
    }
}

impl Taps {
    fn last(&self) -> usize {
        self.first + self.count.saturating_sub(1) * self.step
    }
    /// Those of the taps reaching pixel `at` whose output is one of `size`.
    fn inside(self, axis: &Axis, at: usize, size: usize) -> Self {
        let inside = |&i: &usize| (0..size as isize).contains(&axis.output(at, self.first + i * self.step));
        let first = (0..self.count).find(inside).unwrap_or(self.count);
        let count = (first..self.count).take_while(inside).count();
        Self { first: self.first + first * self.step, count, ..self }
    }
}
