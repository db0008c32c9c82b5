//! Input rows with their padding written out.

use super::units::{Unit, Window};
use crate::copy::simd::{copy_row, fill_row};
use crate::lanes::Lanes;

/// Copies the rows that a unit reads, one group's channels of them, to `to`: `[images, padded rows, padded width]` pixels
/// that are `pixel` floats apart, zero outside the image.
///
/// # Safety
/// x covers the images; `to` takes the rows.
#[inline(never)]
pub unsafe fn copy_padded<L: Lanes>(w: &Window, unit: &Unit, group: usize, pixel: usize, mut to: *mut f32) {
    let width = w.padded_width() as isize;
    let top = (unit.row * w.stride[0]) as isize - w.pad[0];
    // Columns first..last of the padded row hold pixels of the image.
    let first = w.pad[1].clamp(0, width);
    let last = (w.width as isize + w.pad[1]).clamp(first, width);
    let (left, middle) = (first as usize * pixel, (last - first) as usize);
    let row_floats = width as usize * pixel;
    // SAFETY: rows and columns are clamped to the image; `to` moves over what the caller provides.
    unsafe {
        for image in unit.image..unit.image + unit.images {
            for row in 0..w.padded_rows(unit.rows) as isize {
                let y = top + row;
                if y < 0 || y >= w.height as isize || middle == 0 {
                    fill_row::<L>(0.0, to, row_floats);
                } else {
                    let start = (image * w.height + y as usize) * w.width + (first - w.pad[1]) as usize;
                    let from = w.x.add(start * w.x_stride + group * w.depth);
                    fill_row::<L>(0.0, to, left);
                    copy_pixels::<L>(from, w.x_stride, to.add(left), pixel, middle, w.depth);
                    fill_row::<L>(0.0, to.add(left + middle * pixel), row_floats - left - middle * pixel);
                }
                to = to.add(row_floats);
            }
        }
    }
}

/// # Safety
/// Both sides cover the pixels at their strides.
#[inline(always)]
unsafe fn copy_pixels<L: Lanes>(from: *const f32, stride: usize, to: *mut f32, pixel: usize, pixels: usize, depth: usize) {
    // SAFETY: the caller vouches for both.
    unsafe {
        if stride == depth && pixel == depth {
            copy_row::<L>(from, to, pixels * depth);
        } else {
            for p in 0..pixels {
                copy_row::<L>(from.add(p * stride), to.add(p * pixel), depth);
            }
        }
    }
}
