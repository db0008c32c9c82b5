//! The textbook way: a unit's windows written out as a matrix `[pixels, taps]`, then a plain product.

use super::Conv2dForward;
use super::implicit_gemm::{Scratch, each_unit, multiply_unit};
use super::units::{Unit, Window};
use crate::abi::Task;
use crate::lanes::Lanes;

/// # Safety
/// Pointers cover the tensors; scratch holds taps, two tables of a unit's pixels and its matrix.
#[inline(never)]
pub unsafe fn forward<L: Lanes>(a: &Conv2dForward, task: &Task) {
    let w = Window::from(a);
    let taps = w.taps();
    // SAFETY: tables and matrix follow each other in scratch.
    unsafe {
        let scratch = Scratch::new(&w, task);
        for k in 0..taps {
            *scratch.taps.add(k) = 4 * k as u32;
        }
        for pixel in 0..w.unit_pixels().next_multiple_of(4) {
            *scratch.in_offsets.add(pixel) = (4 * pixel.min(w.unit_pixels() - 1) * taps) as u32;
        }
        each_unit(a, &w, task, |unit, group, first, end| {
            write_windows(&w, &unit, group, scratch.rows);
            multiply_unit::<L>(a, &w, &scratch, scratch.rows, &unit, group, first, end);
        });
    }
}

/// # Safety
/// x covers the images; `to` takes the matrix.
unsafe fn write_windows(w: &Window, unit: &Unit, group: usize, mut to: *mut f32) {
    for image in unit.image..unit.image + unit.images {
        for oy in unit.row..unit.row + unit.rows {
            for ox in 0..w.out_width {
                for kh in 0..w.kernel[0] {
                    for kw in 0..w.kernel[1] {
                        let y = source(oy * w.stride[0] + kh * w.dilation[0], w.pad[0], w.height);
                        let x = source(ox * w.stride[1] + kw * w.dilation[1], w.pad[1], w.width);
                        let pixel = y.zip(x).map(|(y, x)| (image * w.height + y) * w.width + x);
                        for c in 0..w.depth {
                            // SAFETY: only pixels inside the image are read.
                            unsafe {
                                *to = pixel.map_or(0.0, |p| *w.x.add(p * w.x_stride + group * w.depth + c));
                                to = to.add(1);
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The coordinate without its padding, if it lies in the image.
fn source(padded: usize, pad: isize, size: usize) -> Option<usize> {
    padded.checked_add_signed(-pad).filter(|&i| i < size)
}
