//! From images to transformed tiles.

use super::{PATCH, TILE, lines};
use crate::lanes::Lanes;

/// Images in NHWC, one range of their channels.
#[derive(Clone, Copy)]
pub struct Images {
    pub first: *const f32,
    pub stride: usize,
    pub height: usize,
    pub width: usize,
    pub channels: usize,
}

/// The tiles of all images, row by row, image after image.
#[derive(Clone, Copy)]
pub struct Grid {
    pub rows: usize,
    pub columns: usize,
}

impl Grid {
    pub fn new(out_height: u32, out_width: u32) -> Self {
        Self { rows: (out_height as usize).div_ceil(TILE), columns: (out_width as usize).div_ceil(TILE) }
    }
    /// Image, and first output row and column of a tile.
    #[inline(always)]
    pub fn place(&self, tile: usize) -> (usize, usize, usize) {
        let (row, column) = (tile / self.columns, tile % self.columns);
        (row / self.rows, row % self.rows * TILE, column * TILE)
    }
}

/// `S` rows and columns of an image from (y, x) on: the address of the first pixel, and floats from row to row and from
/// pixel to pixel. What leaves the image is zero, by way of a copy in `patch`.
///
/// # Safety
/// The image exists; `patch` takes the square.
#[inline(always)]
pub unsafe fn square<L: Lanes, const S: usize>(
    images: &Images,
    image: usize,
    (y, x): (isize, isize),
    patch: *mut f32,
) -> (*const f32, usize, usize) {
    let (height, width, stride) = (images.height as isize, images.width as isize, images.stride);
    let inside = |at: isize, size: isize| at >= 0 && at + S as isize <= size;
    let pixel = (image as isize * height + y) * width + x;
    let from = images.first.wrapping_offset(pixel * stride as isize);
    if inside(y, height) && inside(x, width) {
        return (from, images.width * stride, stride);
    }
    let channels = images.channels;
    for i in 0..S {
        for j in 0..S {
            let (y, x) = (y + i as isize, x + j as isize);
            let live = y >= 0 && y < height && x >= 0 && x < width;
            let from = from.wrapping_add((i * images.width + j) * stride);
            for c in (0..channels).step_by(4) {
                // SAFETY: only pixels inside the image are read; the patch has S² of them.
                unsafe {
                    let value = if live { L::load(from.add(c)) } else { L::zero() };
                    value.store(patch.add((i * S + j) * channels + c));
                }
            }
        }
    }
    (patch, S * channels, channels)
}

/// `Bᵀ d B` of a 6×6 patch for each four channels; positions of the result are `step` floats apart.
///
/// # Safety
/// `from` covers the patch at its strides, `to` one tile of all positions.
#[inline(never)]
pub unsafe fn transform_input<L: Lanes>(
    (from, row, column): (*const f32, usize, usize),
    channels: usize,
    to: *mut f32,
    step: usize,
) {
    for c in (0..channels).step_by(4) {
        // SAFETY: the caller vouches for patch and tile.
        unsafe {
            let (from, to) = (from.add(c), to.add(c));
            let mut rows = [[L::zero(); PATCH]; PATCH];
            for i in 0..PATCH {
                let at = |j: usize| L::load(from.add(i * row + j * column));
                rows[i] = lines::input([at(0), at(1), at(2), at(3), at(4), at(5)]);
            }
            for j in 0..PATCH {
                let line = lines::input([rows[0][j], rows[1][j], rows[2][j], rows[3][j], rows[4][j], rows[5][j]]);
                for i in 0..PATCH {
                    line[i].store(to.add((i * PATCH + j) * step));
                }
            }
        }
    }
}

/// `A dy Aᵀ` of a 4×4 tile for each four channels.
///
/// # Safety
/// As for [`transform_input`].
#[inline(never)]
pub unsafe fn transform_output_gradient<L: Lanes>(
    (from, row, column): (*const f32, usize, usize),
    channels: usize,
    to: *mut f32,
    step: usize,
) {
    for c in (0..channels).step_by(4) {
        // SAFETY: the caller vouches for both tiles.
        unsafe {
            let (from, to) = (from.add(c), to.add(c));
            let mut rows = [[L::zero(); PATCH]; TILE];
            for i in 0..TILE {
                let at = |j: usize| L::load(from.add(i * row + j * column));
                rows[i] = lines::output_gradient([at(0), at(1), at(2), at(3)]);
            }
            for j in 0..PATCH {
                let line = lines::output_gradient([rows[0][j], rows[1][j], rows[2][j], rows[3][j]]);
                for i in 0..PATCH {
                    line[i].store(to.add((i * PATCH + j) * step));
                }
            }
        }
    }
}
