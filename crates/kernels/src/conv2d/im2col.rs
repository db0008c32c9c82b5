//! The textbook way: the windows of some outputs are written out as rows of a matrix, `[outputs, taps]`; its product with the
//! weights, `[taps, out channels]`, is their convolution.

use super::{Conv2dForward, ConvGeometry};
use crate::abi::Task;
use crate::add::{self, AddForward};
use crate::gemm::{Gemm, PANEL, panels};
use crate::lanes::Lanes;
use crate::relu::{self, ReluForward};

/// # Safety
/// Pointers cover the tensors; outputs lie in y in their order; scratch holds the matrix of a unit, `taps` words, and two for each of
/// its outputs and sixteen more.
#[inline(never)]
pub unsafe fn forward<L: Lanes>(a: &Conv2dForward, task: &Task) {
    let g = &a.geometry;
    let (taps, columns) = (g.kernel_height * g.kernel_width * g.depth(), g.columns());
    let unit = a.unit_images * a.unit_rows * g.out_width;
    for item in task.range(g.groups * g.out_pixels().div_ceil(unit)) {
        let (group, first) = (item as u32 % g.groups, item as u32 / g.groups * unit);
        let outputs = unit.min(g.out_pixels() - first);
        let channel = (group * columns) as usize;
        // SAFETY: the outputs and the group exist; what the product needs of scratch lies behind the matrix.
        unsafe {
            write_windows(g, a.x.add((group * g.depth()) as usize), a.x_stride, first..first + outputs, task.scratch);
            let y = a.y.add((first * a.y_stride) as usize + channel);
            let matrix_times_weights = Gemm {
                a: task.scratch,
                a_stride: taps,
                b: a.w.add((group * columns.next_multiple_of(PANEL as u32) * taps) as usize),
                bias: if a.bias.is_null() { a.bias } else { a.bias.add(channel) },
                c: y,
                c_stride: a.y_stride,
                rows: outputs,
                depth: taps,
                columns,
                unit_rows: outputs,
                unit_columns: columns.next_multiple_of(PANEL as u32),
            };
            let whole = Task { chunk: 0, chunks: 1, scratch: task.scratch.add((unit * taps) as usize) };
            panels::gemm::<L>(&matrix_times_weights, &whole);
            let (y_stride, pixels, channels) = (a.y_stride, outputs, columns);
            if !a.residual.is_null() {
                let (b, b_stride) = (a.residual.add((first * a.residual_stride) as usize + channel), a.residual_stride);
                let sum = AddForward { a: y, a_stride: y_stride, b, b_stride, y, y_stride, pixels, channels, relu: a.relu };
                add::simd::forward::<L>(&sum, &whole);
            } else if a.relu != 0 {
                relu::simd::forward::<L>(&ReluForward { x: y, x_stride: y_stride, y, y_stride, pixels, channels }, &whole);
            }
        }
    }
}

/// Writes what each tap reads for each output: the channels of a group, or zeros where the tap lies outside the image.
///
/// # Safety
/// x covers the images from the first channel of a group on; `to` takes a row of taps for each output.
unsafe fn write_windows(g: &ConvGeometry, x: *const f32, x_stride: u32, outputs: core::ops::Range<u32>, mut to: *mut f32) {
    let depth = g.depth() as usize;
    for output in outputs {
        for tap in g.taps() {
            // SAFETY: the caller vouches for the row; a source lies in an image.
            unsafe {
                match g.source(g.output(output as usize), tap) {
                    Some(pixel) => to.copy_from_nonoverlapping(x.add(pixel * x_stride as usize), depth),
                    None => to.write_bytes(0, depth),
                }
                to = to.add(depth);
            }
        }
    }
}
