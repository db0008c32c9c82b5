//! A row of outputs: which columns of x its tiles read, and by which tile.

use super::scratch::Scratch;
use super::taps_inside;
use super::tile::{any_tile, tile};
use crate::lanes::{Lanes, Scalar, split};
use core::ops::Range;

/// Outputs of a tile of any kernel, and of a fixed one where fewer are computed in vain.
const LOW: usize = 4;
/// Outputs of a tile otherwise: the sides of maps that come from 224 pixels are multiples of it.
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
    /// What y is at most, where there is a ReLU.
    pub most: f32,
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
                (2, 1, 1) => self.tiles::<L>(scratch, Tiles::of::<L, 2, 1>()),
                (3, 1, 1) => self.tiles::<L>(scratch, Tiles::of::<L, 3, 1>()),
                (5, 1, 1) => self.tiles::<L>(scratch, Tiles::of::<L, 5, 1>()),
                (7, 1, 1) => self.tiles::<L>(scratch, Tiles::of::<L, 7, 1>()),
                (3, 2, 1) => self.tiles::<L>(scratch, Tiles::of::<L, 3, 2>()),
                (5, 2, 1) => self.tiles::<L>(scratch, Tiles::of::<L, 5, 2>()),
                _ => self.any_tiles::<L>(scratch, 0..self.channels),
            }
        }
    }

    /// # Safety
    /// As for [`Line::walk`]; the tiles are of the line's kernel and stride.
    #[inline(never)]
    unsafe fn tiles<L: Lanes>(&self, scratch: Scratch, tiles: Tiles) {
        let computed = |tile: usize| self.outputs.next_multiple_of(tile);
        let (size, [next_to_each_other, in_table]) =
            if computed(HIGH) <= computed(LOW) { (HIGH, tiles.high) } else { (LOW, tiles.low) };
        let [vectors, rest] = split::<L>(0..self.channels);
        let columns_of = |outputs: usize| (outputs - 1) * self.stride + self.taps;
        for output in (0..self.outputs).step_by(size) {
            let live = size.min(self.outputs - output);
            let first = self.start + (output * self.stride) as isize;
            let inside = taps_inside(first, columns_of(live), 1, self.width);
            // SAFETY: columns of a whole tile lie in the image, or are in the table.
            unsafe {
                if inside.len() == columns_of(size) {
                    next_to_each_other(self, scratch, output, live, vectors.end);
                    continue;
                }
                for row in 0..self.rows {
                    let x = self.x.wrapping_offset(row as isize * self.x_row + first * self.x_pixel as isize);
                    scratch.fill(row, columns_of(size), inside.clone(), x, self.x_pixel);
                }
                in_table(self, scratch, output, live, vectors.end);
            }
        }
        // SAFETY: as above.
        unsafe { self.any_tiles::<L::Rest>(scratch, rest) };
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
                for (row, tap) in (0..self.rows).flat_map(|row| (0..self.taps).map(move |tap| (row, tap))) {
                    let first = self.start + (output * self.stride + tap * self.dilation) as isize;
                    let x = self.x.wrapping_offset(row as isize * self.x_row + first * self.x_pixel as isize);
                    let columns = taps_inside(first, live, self.stride, self.width);
                    scratch.fill(row * self.taps + tap, LOW, columns, x, self.stride * self.x_pixel);
                }
                any_tile::<L, LOW>(self, scratch, output, live, vectors.clone());
                any_tile::<L::Rest, LOW>(self, scratch, output, live, halves.clone());
                any_tile::<Scalar, LOW>(self, scratch, output, live, rest.clone());
            }
        }
    }
}

/// A [`tile`] of some kernel.
type TileOf = unsafe fn(&Line, Scratch, usize, usize, usize);

/// The tiles of a kernel by their outputs: whose columns follow each other, and whose are in the table. They are called by pointers,
/// so that no engine makes one function of all of them.
struct Tiles {
    high: [TileOf; 2],
    low: [TileOf; 2],
}

impl Tiles {
    fn of<L: Lanes, const K: usize, const S: usize>() -> Self {
        Self {
            high: [tile::<L, K, S, HIGH, false>, tile::<L, K, S, HIGH, true>],
            low: [tile::<L, K, S, LOW, false>, tile::<L, K, S, LOW, true>],
        }
    }
}
