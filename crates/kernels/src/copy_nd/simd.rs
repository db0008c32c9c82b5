//! Rows of lanes where the last axis lies together in both, blocks of the last two axes elsewhere.

use super::{CopyNdForward, place};
use crate::abi::Task;
use crate::copy::simd::{copy_row, fill_row};
use crate::lanes::Lanes;
use crate::loops::{Row, along};

/// Floats of a cache line: rows that a block reads together.
const ROWS: usize = 16;
/// Elements of the last axis in a block; as many lines of x stay in one set of the first-level cache.
const COLUMNS: usize = 8;

/// The last two axes, from where a block of rows begins.
struct Block {
    x: *const f32,
    y: *mut f32,
    rows: usize,
    columns: usize,
    x_row: usize,
    x_column: usize,
    y_row: usize,
    y_column: usize,
}

/// A row whose elements lie apart in x.
struct Apart {
    x: *const f32,
    step: usize,
    y: *mut f32,
}

impl Row for Apart {
    #[inline(always)]
    unsafe fn at<L: Lanes>(&self, i: usize) {
        // SAFETY: i lies within the row.
        unsafe { L::load_apart(self.x.add(i * self.step), self.step).store(self.y.add(i)) }
    }
}

impl Block {
    #[inline(always)]
    unsafe fn copy<L: Lanes>(&self) {
        // SAFETY: the caller vouches for the block.
        unsafe {
            match (self.x_column, self.y_column) {
                (1, 1) => self.each_row(|x, y| copy_row::<L>(x, y, self.columns)),
                (0, 1) => self.each_row(|x, y| fill_row::<L>(*x, y, self.columns)),
                (_, 1) if self.columns >= 4 => self.transpose::<L>(),
                _ => self.one_by_one(),
            }
        }
    }

    #[inline(always)]
    unsafe fn each_row(&self, copy: impl Fn(*const f32, *mut f32)) {
        for row in 0..self.rows {
            // SAFETY: the row lies within the block.
            unsafe { copy(self.x.add(row * self.x_row), self.y.add(row * self.y_row)) };
        }
    }

    #[inline(always)]
    unsafe fn transpose<L: Lanes>(&self) {
        for column in (0..self.columns).step_by(COLUMNS) {
            let len = COLUMNS.min(self.columns - column);
            for row in 0..self.rows {
                // SAFETY: row and columns lie within the block.
                unsafe {
                    let x = self.x.add(row * self.x_row + column * self.x_column);
                    along::<L>(&Apart { x, step: self.x_column, y: self.y.add(row * self.y_row + column) }, len);
                }
            }
        }
    }

    #[inline(always)]
    unsafe fn one_by_one(&self) {
        for column in 0..self.columns {
            for row in 0..self.rows {
                // SAFETY: row and column lie within the block.
                unsafe {
                    let x = self.x.add(row * self.x_row + column * self.x_column);
                    *self.y.add(row * self.y_row + column * self.y_column) = *x;
                }
            }
        }
    }
}

/// # Safety
/// As for the reference.
pub unsafe fn forward<L: Lanes>(a: &CopyNdForward, task: &Task) {
    let [sizes, x_strides, y_strides] = [a.sizes(), a.x_strides(), a.y_strides()];
    let outer: usize = sizes[..3].iter().product();
    let blocks = sizes[3].div_ceil(ROWS);
    for unit in task.range((outer * blocks) as u32) {
        let (index, row) = (unit / blocks, unit % blocks * ROWS);
        // SAFETY: the block lies within both boxes.
        unsafe {
            let block = Block {
                x: a.x.add(place(index, &sizes[..3], &x_strides[..3]) + row * x_strides[3]),
                y: a.y.add(place(index, &sizes[..3], &y_strides[..3]) + row * y_strides[3]),
                rows: ROWS.min(sizes[3] - row),
                columns: sizes[4],
                x_row: x_strides[3],
                x_column: x_strides[4],
                y_row: y_strides[3],
                y_column: y_strides[4],
            };
            block.copy::<L>();
        }
    }
}
