//! Tensors as a program sees them, a block of rows at a time.

use super::code::BLOCK;
use core::mem::MaybeUninit;

/// Rows and columns of a plane, of which a block takes one part of one row, or several whole rows.
#[derive(Clone, Copy)]
pub struct Block {
    pub row: usize,
    pub rows: usize,
    pub column: usize,
    pub columns: usize,
}

impl Block {
    pub fn size(&self) -> usize {
        self.rows * self.columns
    }
}

/// Steps from row to row and from column to column.
#[derive(Clone, Copy)]
pub struct Steps {
    pub row: usize,
    pub column: usize,
}

impl Steps {
    pub fn of([_, _, row, column]: [usize; 4]) -> Self {
        Self { row, column }
    }
    /// Whether a block's elements lie next to each other.
    pub fn is_dense(&self, block: &Block) -> bool {
        self.column == 1 && (block.rows == 1 || self.row == block.columns)
    }
    pub fn offset(&self, block: &Block) -> usize {
        block.row * self.row + block.column * self.column
    }
}

/// A block's elements next to each other.
pub struct Buffer {
    floats: [MaybeUninit<f32>; BLOCK],
    /// First of what was gathered last, how many rows and columns; null where nothing was.
    gathered: (*const f32, usize, usize),
}

impl Buffer {
    pub const EMPTY: Self = Self { floats: [const { MaybeUninit::uninit() }; BLOCK], gathered: (core::ptr::null(), 0, 0) };

    pub fn floats(&mut self) -> *mut f32 {
        self.floats.as_mut_ptr().cast()
    }
    /// Copies a block from where its rows lie apart or repeat; what repeats is kept from block to block.
    ///
    /// # Safety
    /// `first` is the block's first element, and has the others at these steps; nobody writes to it meanwhile.
    pub unsafe fn gather(&mut self, first: *const f32, steps: Steps, block: &Block) -> *const f32 {
        let (from, rows, columns) = self.gathered;
        if from == first && steps.row == 0 && rows >= block.rows && columns == block.columns {
            return self.floats();
        }
        let to = self.floats();
        for row in 0..block.rows {
            // SAFETY: the caller vouches for the block, which a buffer holds.
            unsafe {
                let (from, to) = (first.add(row * steps.row), to.add(row * block.columns));
                match steps.column {
                    0 => (0..block.columns).for_each(|column| *to.add(column) = *from),
                    1 => core::ptr::copy_nonoverlapping(from, to, block.columns),
                    step => (0..block.columns).for_each(|column| *to.add(column) = *from.add(column * step)),
                }
            }
        }
        self.gathered = (first, block.rows, block.columns);
        to
    }
    /// Copies a block to where its rows lie apart.
    ///
    /// # Safety
    /// As for [`Buffer::gather`].
    pub unsafe fn scatter(&mut self, first: *mut f32, steps: Steps, block: &Block) {
        let from = self.floats();
        for row in 0..block.rows {
            // SAFETY: as above.
            unsafe {
                let (from, to) = (from.add(row * block.columns), first.add(row * steps.row));
                match steps.column {
                    1 => core::ptr::copy_nonoverlapping(from, to, block.columns),
                    step => (0..block.columns).for_each(|column| *to.add(column * step) = *from.add(column)),
                }
            }
        }
    }
}
