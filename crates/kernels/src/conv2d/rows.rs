//! Input rows with their padding written out.

use super::units::{Unit, Window};
use crate::lanes::Lanes;

/// Copies the rows that a unit reads, one group's channels of them, to `to`:
/// `[images, padded rows, padded width, depth]`, zero outside the image. Returns the end.
///
/// # Safety
/// x covers the images; `to` takes the rows.
#[inline(never)]
pub unsafe fn copy_padded<L: Lanes>(w: &Window, unit: &Unit, group: usize, mut to: *mut f32) -> *mut f32 {
    let (width, depth) = (w.padded_width() as isize, w.depth);
    let top = (unit.row * w.stride[0]) as isize - w.pad[0];
    // Columns first..last of the padded row hold pixels of the image.
    let first = w.pad[1].clamp(0, width);
    let last = (w.width as isize + w.pad[1]).clamp(first, width);
    let row_floats = width as usize * depth;
    // SAFETY: rows and columns are clamped to the image; `to` moves over what the caller provides.
    unsafe {
        for image in unit.image..unit.image + unit.images {
            for row in 0..w.padded_rows(unit.rows) as isize {
                let y = top + row;
                if y < 0 || y >= w.height as isize || first == last {
                    zero::<L>(to, row_floats);
                } else {
                    let pixel = (image * w.height + y as usize) * w.width + (first - w.pad[1]) as usize;
                    let from = w.x.add(pixel * w.x_stride + group * depth);
                    let (left, middle) = (first as usize * depth, (last - first) as usize);
                    zero::<L>(to, left);
                    copy_pixels::<L>(from, w.x_stride, to.add(left), middle, depth);
                    zero::<L>(to.add(left + middle * depth), row_floats - left - middle * depth);
                }
                to = to.add(row_floats);
            }
        }
        to
    }
}

/// # Safety
/// `from` covers the pixels at their stride, `to` takes them without gaps.
#[inline(always)]
unsafe fn copy_pixels<L: Lanes>(from: *const f32, stride: usize, to: *mut f32, pixels: usize, depth: usize) {
    // SAFETY: the caller vouches for both.
    unsafe {
        if stride == depth {
            copy::<L>(from, to, pixels * depth);
        } else {
            for pixel in 0..pixels {
                copy::<L>(from.add(pixel * stride), to.add(pixel * depth), depth);
            }
        }
    }
}

/// # Safety
/// Both sides have `len` floats.
#[inline(always)]
unsafe fn copy<L: Lanes>(from: *const f32, to: *mut f32, len: usize) {
    let mut i = 0;
    // SAFETY: i stays below len.
    unsafe {
        while i + 4 <= len {
            L::load(from.add(i)).store(to.add(i));
            i += 4;
        }
        while i < len {
            *to.add(i) = *from.add(i);
            i += 1;
        }
    }
}

/// # Safety
/// `to` has `len` floats.
#[inline(always)]
unsafe fn zero<L: Lanes>(to: *mut f32, len: usize) {
    let mut i = 0;
    // SAFETY: i stays below len.
    unsafe {
        while i + 4 <= len {
            L::zero().store(to.add(i));
            i += 4;
        }
        while i < len {
            *to.add(i) = 0.0;
            i += 1;
        }
    }
}
