//! A row of outputs: which columns of x its tiles read, and by which tile.

use super::scratch::Scratch;
use super::tile::{any_tile, tile};
use crate::lanes::{Lanes, Scalar, split};
use core::ops::Range;

/// Outputs of a tile of any kernel, and of a fixed one where rows are short.
const LOW: usize = 4;
/// Outputs of a tile otherwise: sums, a row of five taps and a column of x are thirteen registers, and the sides of maps that
/// come from 224 pixels are multiples of it.
const HIGH: usize = 7;

/// `y[i] = act(bias + Σ_(r, t) x[r, start + i·stride + t·dilation]·w[r, t] + residual[i])` for some channels, with which all
/// pointers begin. Rows of x exist; columns outside `0..width` are zeros. Steps are in floats.
#[derive(Clone, Copy)]
pub struct Line {
    /// Column 0 of the first row.
    pub x: *const f32,
    pub x_row: isize,
    pub x_pixel: usize,
    pub width: usize,
    pub rows: usize,
    pub w: *const f32,
    pub w_row: isize,
    pub w_tap: isize,
    pub taps: usize,
    pub start: isize,
    pub stride: usize,
    pub dilation: usize,
    pub outputs: usize,
    pub y: *mut f32,
    pub y_step: usize,
    /// May be null.
    pub residual: *const f32,
    pub residual_step: usize,
    /// May be null.
    pub bias: *const f32,
    pub relu: bool,
    pub channels: usize,
}

impl Line {
    /// Computes the row.
    ///
    /// # Safety
    /// Pointers cover what the line reads and writes; the table takes `rows` by as many columns as a tile of the kernel reads.
    pub unsafe fn walk<L: Lanes>(&self, scratch: Scratch) {
        // SAFETY: as above.
        unsafe {
            match (self.taps, self.stride, self.dilation) {
                (2, 1, 1) => self.tiles::<L, 2, 1>(scratch),
                (3, 1, 1) => self.tiles::<L, 3, 1>(scratch),
                (5, 1, 1) => self.tiles::<L, 5, 1>(scratch),
                (7, 1, 1) => self.tiles::<L, 7, 1>(scratch),
                (3, 2, 1) => self.tiles::<L, 3, 2>(scratch),
                (5, 2, 1) => self.tiles::<L, 5, 2>(scratch),
                _ => self.any_tiles::<L>(scratch, 0..self.channels),
            }
        }
    }

    /// # Safety
    /// As for [`Line::walk`], with `K` taps at stride `S`.
    unsafe fn tiles<L: Lanes, const K: usize, const S: usize>(&self, scratch: Scratch) {
        let computed = |tile: usize| self.outputs.next_multiple_of(tile);
        let [vectors, rest] = split::<L>(0..self.channels);
        // SAFETY: as above.
        unsafe {
            if computed(HIGH) <= computed(LOW) {
                self.tiles_of::<L, K, S, HIGH>(scratch, vectors.end);
            } else {
                self.tiles_of::<L, K, S, LOW>(scratch, vectors.end);
            }
            self.any_tiles::<L::Rest>(scratch, rest);
        }
    }

    /// # Safety
    /// As for [`Line::walk`]; `channels` is a multiple of the vector.
    unsafe fn tiles_of<L: Lanes, const K: usize, const S: usize, const P: usize>(&self, scratch: Scratch, channels: usize) {
        for output in (0..self.outputs).step_by(P) {
            let live = P.min(self.outputs - output);
            let columns = (P - 1) * S + K;
            let first = self.start + (output * S) as isize;
            let inside = first >= 0 && first as usize + columns <= self.width;
            // SAFETY: columns of a whole tile lie in the image, or are in the table.
            unsafe {
                if live == P && inside {
                    tile::<L, K, S, P, false>(self, scratch, output, P, channels);
                } else {
                    let end = first + ((live - 1) * S + K) as isize;
                    self.fill_table(scratch, columns, |j| Some(first + j as isize).filter(|&column| column < end));
                    tile::<L, K, S, P, true>(self, scratch, output, live, channels);
                }
            }
        }
    }

    /// Channels of whole vectors of `L`, then single ones.
    ///
    /// # Safety
    /// As for [`Line::walk`].
    unsafe fn any_tiles<L: Lanes>(&self, scratch: Scratch, channels: Range<usize>) {
        if channels.is_empty() {
            return;
        }
        let [vectors, rest] = split::<L>(channels);
        let [halves, rest] = split::<L::Rest>(rest);
        for output in (0..self.outputs).step_by(LOW) {
            let live = LOW.min(self.outputs - output);
            // SAFETY: every column is in the table.
            unsafe {
                self.fill_table(scratch, LOW * self.taps, |j| {
                    let (p, tap) = (j % LOW, j / LOW);
                    (p < live).then(|| self.start + ((output + p) * self.stride + tap * self.dilation) as isize)
                });
                any_tile::<L, LOW>(self, scratch, output, live, vectors.clone());
                any_tile::<L::Rest, LOW>(self, scratch, output, live, halves.clone());
                any_tile::<Scalar, LOW>(self, scratch, output, live, rest.clone());
            }
        }
    }

    /// Where the `columns` of a tile lie, row after row; zeros are where a column is outside the image, or none.
    ///
    /// # Safety
    /// The table takes them.
    #[inline(always)]
    unsafe fn fill_table(&self, scratch: Scratch, columns: usize, column: impl Fn(usize) -> Option<isize>) {
        for j in 0..columns {
            let inside = column(j).filter(|&at| at >= 0 && (at as usize) < self.width);
            for row in 0..self.rows {
                // SAFETY: rows exist, and the column is in the image.
                unsafe {
                    let x = inside.map(|at| self.x.offset(row as isize * self.x_row + at * self.x_pixel as isize));
                    *scratch.table.add(row * columns + j) = x.unwrap_or(scratch.zeros);
                }
            }
        }
    }
}
