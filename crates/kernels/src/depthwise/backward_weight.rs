//! `dw[kh, kw, c] = Σ_(n, oy, ox) x[n, oy·s + kh·d - p, ox·s + kw·d - p, c]·dy[n, oy, ox, c]`
//!
//! A row of dy after the other: the sums of a row of it for up to three rows of taps stay in registers, and are added to `dw`.
//! In such a sum come the outputs of the tiles at the ends of a row first, those between them then.

use super::scratch::Scratch;
use super::taps_inside;
use super::tile::{each_column, each_row, next};
use crate::abi::Task;
use crate::conv2d::Conv2dBackwardWeight;
use crate::lanes::{Lanes, split};
use crate::loops::{Column, across};
use core::ops::Range;

/// Outputs of a tile: with the nine sums of a kernel of 3×3 and a column of x, they are fourteen registers.
const TILE: usize = 4;

/// # Safety
/// Pointers cover the tensors; `dw` is `[partitions, KH, KW, C]`, groups have one channel each; scratch holds zeros for the channels
/// of a unit, and a table of pointers: for each tile of a row four, and for each row of taps as many as a tile reads.
#[inline(never)]
pub unsafe fn backward_weight<L: Lanes>(a: &Conv2dBackwardWeight, task: &Task) {
    let g = &a.geometry;
    let [channels, unit_channels, kernel_height, kernel_width, out_height] =
        [g.in_channels, a.unit_channels, g.kernel_height, g.kernel_width, g.out_height].map(|size| size as usize);
    let [height, width, out_width] = [g.height, g.width, g.out_width].map(|size| size as usize);
    let [x_stride, dy_stride, partitions] = [a.x_stride, a.dy_stride, a.partitions].map(|size| size as usize);
    let ranges = channels.div_ceil(unit_channels);
    let dilation = g.dilation_height as usize;
    let rows = g.batch as usize * out_height;
    // SAFETY: rows, taps and channels are in range.
    unsafe {
        let scratch = Scratch::new(task.scratch, unit_channels.min(channels));
        for item in task.range((partitions * ranges) as u32) {
            let (partition, first) = (item / ranges, item % ranges * unit_channels);
            let count = unit_channels.min(channels - first);
            let dw = a.dw.add(partition * kernel_height * kernel_width * channels + first);
            for tap in 0..kernel_height * kernel_width {
                dw.add(tap * channels).write_bytes(0, count);
            }
            for row in rows * partition / partitions..rows * (partition + 1) / partitions {
                let (image, out_row) = (row / out_height, row % out_height);
                let top = (out_row * g.stride_height as usize) as isize - g.pad_top as isize;
                let taps = taps_inside(top, kernel_height, dilation, height);
                if taps.is_empty() {
                    continue;
                }
                let x_row = (top + (taps.start * dilation) as isize) as usize;
                let line = Line {
                    x: a.x.add((image * height + x_row) * width * x_stride + first),
                    x_row: dilation * width * x_stride,
                    x_pixel: x_stride,
                    width,
                    dy: a.dy.add(row * out_width * dy_stride + first),
                    dy_pixel: dy_stride,
                    outputs: out_width,
                    start: -(g.pad_left as isize),
                    stride: g.stride_width as usize,
                    dilation: g.dilation_width as usize,
                    rows: taps.len(),
                    taps: kernel_width,
                    dw: dw.add(taps.start * kernel_width * channels),
                    dw_tap: channels,
                    channels: count,
                };
                line.walk::<L>(scratch);
            }
        }
    }
}

/// A row of dy, and the rows of x that its taps reach; all pointers begin with the first of some channels. Steps are in floats.
#[derive(Clone, Copy)]
struct Line {
    /// Column 0 of the first row.
    x: *const f32,
    x_row: usize,
    x_pixel: usize,
    width: usize,
    dy: *const f32,
    dy_pixel: usize,
    outputs: usize,
    start: isize,
    stride: usize,
    dilation: usize,
    rows: usize,
    taps: usize,
    /// The first tap of the first row.
    dw: *mut f32,
    dw_tap: usize,
    channels: usize,
}

impl Line {
    /// Adds the products of the row to dw.
    ///
    /// # Safety
    /// Pointers cover what the line reads and writes, the table its tiles.
    unsafe fn walk<L: Lanes>(&self, scratch: Scratch) {
        // SAFETY: as above.
        unsafe {
            match (self.taps, self.stride, self.dilation) {
                (3, 1, 1) => {
                    self.groups::<L>(scratch, &[Self::add::<L, 3, 1, 1>, Self::add::<L, 3, 1, 2>, Self::add::<L, 3, 1, 3>])
                }
                (5, 1, 1) => self.groups::<L>(scratch, &[Self::add::<L, 5, 1, 1>, Self::add::<L, 5, 1, 2>]),
                (7, 1, 1) => self.groups::<L>(scratch, &[Self::add::<L, 7, 1, 1>]),
                (3, 2, 1) => {
                    self.groups::<L>(scratch, &[Self::add::<L, 3, 2, 1>, Self::add::<L, 3, 2, 2>, Self::add::<L, 3, 2, 3>])
                }
                (5, 2, 1) => self.groups::<L>(scratch, &[Self::add::<L, 5, 2, 1>, Self::add::<L, 5, 2, 2>]),
                _ => self.tap_by_tap::<L>(0..0, 0..self.channels),
            }
        }
    }

    /// Rows of taps in groups that have at least eight sums where they can: as many as multiply-adds are on their way. The functions are
    /// those of one row, of two, and so on.
    ///
    /// # Safety
    /// As for [`Line::walk`]; the functions are for the line's kernel and stride.
    #[inline(never)]
    unsafe fn groups<L: Lanes>(&self, scratch: Scratch, functions: &[AddRows]) {
        let columns = (TILE - 1) * self.stride + self.taps;
        let whole = |tile: usize| {
            let first = self.start + (tile * TILE * self.stride) as isize;
            first >= 0 && first as usize + columns <= self.width && (tile + 1) * TILE <= self.outputs
        };
        let tiles = self.outputs.div_ceil(TILE);
        let first = (0..tiles).find(|&tile| whole(tile)).unwrap_or(tiles);
        let inside = first..first + (first..tiles).take_while(|&tile| whole(tile)).count();
        let [vectors, rest] = split::<L>(0..self.channels);
        let mut row = 0;
        // SAFETY: groups end with the rows.
        unsafe {
            while row < self.rows {
                let rows = functions.len().min(self.rows - row);
                let line = Self {
                    x: self.x.add(row * self.x_row),
                    dw: self.dw.add(row * self.taps * self.dw_tap),
                    channels: vectors.end,
                    rows,
                    ..*self
                };
                let ends = line.fill_table(scratch, &inside);
                functions[rows - 1](&line, scratch, ends, inside.clone());
                row += rows;
            }
            self.tap_by_tap::<L>(inside.start * TILE..inside.end * TILE, rest);
        }
    }

    /// Adds the sums of `R` rows of taps: those of `ends` tiles in the table, then of the tiles `inside`, whose columns follow each other
    /// in x.
    ///
    /// # Safety
    /// As for [`Line::walk`]; channels are whole vectors.
    #[inline(never)]
    unsafe fn add<L: Lanes, const K: usize, const S: usize, const R: usize>(
        &self,
        scratch: Scratch,
        ends: usize,
        inside: Range<usize>,
    ) {
        let Self { x_row, x_pixel, dy_pixel, dw_tap, .. } = *self;
        let columns = (TILE - 1) * S + K;
        // SAFETY: as above.
        unsafe {
            let first_x = self.x.wrapping_offset((self.start + (inside.start * TILE * S) as isize) * x_pixel as isize);
            let first_dy = self.dy.wrapping_add(inside.start * TILE * dy_pixel);
            for c in (0..self.channels).step_by(L::WIDTH) {
                let mut sums = [[L::zero(); K]; R];
                let mut table = scratch.table.cast_const();
                for _ in 0..ends {
                    let dy: [L; TILE] = core::array::from_fn(|p| L::load((*table.add(p)).add(c)));
                    table = table.add(TILE);
                    each_row!(r < R, {
                        each_column!(j < (TILE - 1) * S + K, {
                            let x = L::load((*table.add(j)).add(c));
                            sums[r] = add_column::<L, K, S>(sums[r], j, x, &dy);
                        });
                        table = table.add(columns);
                    });
                }
                let (mut x, mut at_dy) = (first_x.wrapping_add(c), first_dy.wrapping_add(c));
                for _ in inside.clone() {
                    let dy: [L; TILE] = core::array::from_fn(|_| next(&mut at_dy, dy_pixel as isize));
                    each_row!(r < R, {
                        let mut at = x.wrapping_add(r * x_row);
                        each_column!(j < (TILE - 1) * S + K, {
                            sums[r] = add_column::<L, K, S>(sums[r], j, next(&mut at, x_pixel as isize), &dy);
                        });
                    });
                    x = x.wrapping_add(TILE * S * x_pixel);
                }
                let mut dw = self.dw.add(c);
                for r in 0..R {
                    for k in 0..K {
                        L::load(dw).add(sums[r][k]).store(dw);
                        dw = dw.wrapping_add(dw_tap);
                    }
                }
            }
        }
    }

    /// Where the tiles at the ends of the row read dy and x, tile after tile; returns their number. Zeros are where there is nothing.
    ///
    /// # Safety
    /// The table takes them.
    unsafe fn fill_table(&self, scratch: Scratch, inside: &Range<usize>) -> usize {
        let columns = (TILE - 1) * self.stride + self.taps;
        let mut table = scratch;
        let mut count = 0;
        for tile in (0..self.outputs.div_ceil(TILE)).filter(|tile| !inside.contains(tile)) {
            let (output, live) = (tile * TILE, TILE.min(self.outputs - tile * TILE));
            let first = self.start + (output * self.stride) as isize;
            let read = taps_inside(first, (live - 1) * self.stride + self.taps, 1, self.width);
            // SAFETY: the caller vouches for the table.
            unsafe {
                table.fill(0, TILE, 0..live, self.dy.wrapping_add(output * self.dy_pixel), self.dy_pixel);
                table.table = table.table.add(TILE);
                for r in 0..self.rows {
                    let x = self.x.wrapping_add(r * self.x_row).wrapping_offset(first * self.x_pixel as isize);
                    table.fill(r, columns, read.clone(), x, self.x_pixel);
                }
                table.table = table.table.add(self.rows * columns);
            }
            count += 1;
        }
        count
    }

    /// Any kernel, in the same order: outputs `inside` come last.
    ///
    /// # Safety
    /// As for [`Line::walk`].
    unsafe fn tap_by_tap<L: Lanes>(&self, inside: Range<usize>, channels: Range<usize>) {
        if channels.is_empty() {
            return;
        }
        for row in 0..self.rows {
            for tap in 0..self.taps {
                let at = self.start + (tap * self.dilation) as isize;
                let live = taps_inside(at, self.outputs, self.stride, self.width);
                let cut = |range: Range<usize>| range.start.max(live.start)..range.end.min(live.end);
                // SAFETY: these outputs read columns of the image.
                unsafe {
                    let products = Products {
                        x: self.x.wrapping_add(row * self.x_row).wrapping_offset(at * self.x_pixel as isize),
                        x_step: self.stride * self.x_pixel,
                        dy: self.dy,
                        dy_step: self.dy_pixel,
                        outputs: [cut(0..inside.start), cut(inside.end..self.outputs), cut(inside.clone())],
                        dw: self.dw.add((row * self.taps + tap) * self.dw_tap),
                    };
                    across::<L, 4>(&products, channels.clone());
                }
            }
        }
    }
}

/// [`Line::add`] of some kernel and count of rows; called by a pointer, so that no engine makes one function of all of them.
type AddRows = unsafe fn(&Line, Scratch, usize, Range<usize>);

/// Adds the products of column `j` of a tile's patch to the sums of the taps that read it.
#[inline(always)]
fn add_column<L: Lanes, const K: usize, const S: usize>(sums: [L; K], j: usize, x: L, dy: &[L; TILE]) -> [L; K] {
    core::array::from_fn(|k| {
        let from = j.wrapping_sub(k);
        if from % S == 0 && from / S < TILE { sums[k].madd(x, dy[from / S]) } else { sums[k] }
    })
}

/// The products of a tap with the outputs of a row.
struct Products {
    /// What output 0 reads, be it outside the image.
    x: *const f32,
    x_step: usize,
    dy: *const f32,
    dy_step: usize,
    outputs: [Range<usize>; 3],
    dw: *mut f32,
}

impl Column for Products {
    #[inline(always)]
    unsafe fn down<L: Lanes, const V: usize>(&self, c: usize) {
        let mut sums = [L::zero(); V];
        // SAFETY: the outputs read columns of the image.
        unsafe {
            for output in self.outputs.iter().cloned().flatten() {
                let x = self.x.wrapping_add(output * self.x_step + c);
                let dy = self.dy.add(output * self.dy_step + c);
                sums = core::array::from_fn(|v| sums[v].madd(L::load(x.add(v * L::WIDTH)), L::load(dy.add(v * L::WIDTH))));
            }
            for v in 0..V {
                let dw = self.dw.add(c + v * L::WIDTH);
                L::load(dw).add(sums[v]).store(dw);
            }
        }
    }
}
