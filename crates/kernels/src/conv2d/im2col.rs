//! The textbook way: the windows of some outputs are written out as rows of a matrix, `[outputs, taps]`; its product with the
//! weights, `[taps, out channels]`, is their convolution.

use super::{Conv2dForward, ConvGeometry};
use crate::abi::Task;
use crate::gemm::{Gemm, PANEL, panels};
use crate::lanes::Lanes;
use core::ops::Range;

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
            let whole = Task::whole(task.scratch.add((unit * taps) as usize));
            panels::gemm::<L>(&matrix_times_weights, &whole);
            finish(a, first as usize..(first + outputs) as usize, channel..channel + columns as usize);
        }
    }
}

/// `y = act(y + residual)`.
///
/// # Safety
/// y and residual, unless null, have these outputs and channels.
unsafe fn finish(a: &Conv2dForward, outputs: Range<usize>, channels: Range<usize>) {
    let (floor, most) = if a.relu != 0 { (0.0, a.most) } else { (f32::NEG_INFINITY, f32::INFINITY) };
    for output in outputs {
        for o in channels.clone() {
            // SAFETY: the caller vouches for both.
            unsafe {
                let y = a.y.add(output * a.y_stride as usize + o);
                let residual = if a.residual.is_null() { 0.0 } else { *a.residual.add(output * a.residual_stride as usize + o) };
                let sum = *y + residual;
                *y = match sum {
                    _ if sum < floor => floor,
                    _ if sum > most => most,
                    _ => sum,
                };
            }
        }
    }
}

/// Writes what each tap reads for each output: the channels of a group, or zeros where the tap lies outside the image.
///
/// # Safety
/// x covers the images from the first channel of a group on; `to` takes a row of taps for each output.
unsafe fn write_windows(g: &ConvGeometry, x: *const f32, x_stride: u32, outputs: Range<u32>, mut to: *mut f32) {
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
