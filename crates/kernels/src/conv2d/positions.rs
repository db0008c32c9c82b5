//! Output pixels one by one, the same of many images together: taps outside the image are left out instead of multiplied, which
//! on maps of a few pixels are most of them. Rows of A are images, where they lie.

use super::Conv2dForward;
use super::units::{Layout, Window, tap_offsets};
use crate::abi::Task;
use crate::gemm::PANEL;
use crate::gemm::tile::{Activation, Indirect, Output, multiply_panel};
use crate::gemm::tiles::LOWEST;
use crate::lanes::Lanes;
use core::ops::Range;

/// # Safety
/// Pointers cover the tensors; there is one group; each output has a tap in the image; scratch holds taps and two tables of
/// `unit_images` images.
#[inline(never)]
pub unsafe fn forward<L: Lanes>(a: &Conv2dForward, task: &Task) {
    let w = Window::from(a);
    let layout = Layout::in_place(&w);
    let (columns, unit_channels) = (a.geometry.out_channels as usize, a.unit_channels as usize);
    let ranges = columns.div_ceil(unit_channels);
    let pixels = w.out_height * w.out_width;
    let activation = Activation {
        bias: a.bias,
        residual: a.residual,
        residual_stride: a.residual_stride as usize,
        relu: a.relu != 0,
        most: a.most,
    };
    // SAFETY: tables follow each other in scratch; images, pixels and channels are in range.
    unsafe {
        let taps = task.scratch.cast::<u32>();
        let in_rows = taps.add(w.taps());
        let out_rows = in_rows.add(w.unit_images.next_multiple_of(LOWEST));
        tap_offsets(&w, &layout, taps);
        for item in task.range((w.batch.div_ceil(w.unit_images) * ranges * pixels) as u32) {
            let (pixel, first) = (item % pixels, item / pixels % ranges * unit_channels);
            let image = item / pixels / ranges * w.unit_images;
            let images = w.unit_images.min(w.batch - image);
            for i in 0..images.next_multiple_of(LOWEST) {
                let i_live = i.min(images - 1);
                *in_rows.add(i) = (4 * i_live * layout.image) as u32;
                *out_rows.add(i) = (i_live * a.y_image as usize) as u32;
            }
            let (row, column) = (pixel / w.out_width, pixel % w.out_width);
            let (down, y) = w.inside(0, row);
            let (across, x) = w.inside(1, column);
            let out_pixel = image * a.y_image as usize + row * a.y_row as usize + column * a.y_column as usize;
            let shifted = |p: *const f32, offset: usize| if p.is_null() { p } else { p.add(offset) };
            let out = Output {
                c: a.y.add(out_pixel * a.y_stride as usize),
                c_stride: a.y_stride as usize,
                rows: out_rows,
                columns: columns.min(first + unit_channels),
                accumulate: false,
                activation: Activation { residual: shifted(a.residual, out_pixel * a.residual_stride as usize), ..activation },
            };
            let base = w.x.add(image * layout.image + y * layout.row + x * layout.pixel);
            for channel in (first..out.columns).step_by(PANEL) {
                for tap_row in down.clone() {
                    let lines = Indirect {
                        base,
                        rows: in_rows,
                        depth: taps.add((tap_row - down.start) * w.kernel[1] * w.depth),
                        row_count: images,
                        depth_count: across.len() * w.depth,
                    };
                    let panel =
                        a.w.add((channel * w.kernel[0] * w.kernel[1] + PANEL * (tap_row * w.kernel[1] + across.start)) * w.depth);
                    let last = tap_row + 1 == down.end;
                    let to = Output {
                        accumulate: tap_row > down.start,
                        activation: if last { out.activation } else { Activation::NONE },
                        ..out
                    };
                    multiply_panel::<L>(&lines, panel, &to, channel);
                }
            }
        }
    }
}

impl Window {
    /// The taps of an axis that lie in the image for an output, and the pixel that the first of them reads.
    fn inside(&self, axis: usize, output: usize) -> (Range<usize>, usize) {
        let size = [self.height, self.width][axis] as isize;
        let at = |tap: usize| (output * self.stride[axis] + tap * self.dilation[axis]) as isize - self.pad[axis];
        let live = |&tap: &usize| (0..size).contains(&at(tap));
        let first = (0..self.kernel[axis]).find(live).unwrap_or(0);
        let count = (first..self.kernel[axis]).take_while(live).count();
        (first..first + count, at(first).max(0) as usize)
    }
}
