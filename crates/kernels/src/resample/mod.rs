//! `y[o, r, c, :] = Σ x[o, r', c', :]·u(r, r')·v(c, c')`: each row and column of y gathers some of x, given by tables.
//!
//! Taking by index, padding by copies of what is there, and resizing are of this kind, and so are their gradients, by the transposed
//! tables. A sum goes through the taps in the order of the tables: rows outside, columns inside. So its bits depend on nothing else.
//! Without weights a single tap is copied bit by bit, f32 and i32 alike.

pub mod reference;
pub mod simd;
#[cfg(test)]
mod tests;

use crate::abi::Kernel;
use crate::lanes::Vector;
use core::ops::Range;

kernel_args! {
    /// `rows` and `columns` are those of y, `x_rows` and `x_columns` those of x. Strides are floats from one index to the next;
    /// channels lie together.
    ///
    /// Index i of an axis has the taps `starts[i]..starts[i + 1]`, or i alone where `starts` is null. Tap t is index `taps[t]` of x, or t
    /// where that is null, with `weights[t]`, or 1.
    pub struct ResampleForward {
        pub x: *const f32,
        pub y: *mut f32,
        pub row_starts: *const u32,
        pub row_taps: *const u32,
        pub row_weights: *const f32,
        pub column_starts: *const u32,
        pub column_taps: *const u32,
        pub column_weights: *const f32,
        pub outer: u32,
        pub rows: u32,
        pub columns: u32,
        pub channels: u32,
        pub x_rows: u32,
        pub x_columns: u32,
        pub x_outer_stride: u32,
        pub x_row_stride: u32,
        pub x_column_stride: u32,
        pub y_outer_stride: u32,
        pub y_row_stride: u32,
        pub y_column_stride: u32,
    }
}

/// The tables of an axis.
#[derive(Clone, Copy)]
pub struct Axis {
    starts: *const u32,
    taps: *const u32,
    weights: *const f32,
}

impl Axis {
    /// The taps of an index.
    ///
    /// # Safety
    /// The axis has this index.
    #[inline(always)]
    unsafe fn of(&self, index: usize) -> Range<usize> {
        if self.starts.is_null() {
            return index..index + 1;
        }
        // SAFETY: the caller vouches for the index.
        unsafe { *self.starts.add(index) as usize..*self.starts.add(index + 1) as usize }
    }
    /// The index of x that a tap takes.
    ///
    /// # Safety
    /// The axis has this tap.
    #[inline(always)]
    unsafe fn index(&self, tap: usize) -> usize {
        // SAFETY: the caller vouches for the tap.
        if self.taps.is_null() { tap } else { unsafe { *self.taps.add(tap) as usize } }
    }
    /// # Safety
    /// As for [`Axis::index`].
    #[inline(always)]
    unsafe fn weight(&self, tap: usize) -> f32 {
        // SAFETY: the caller vouches for the tap.
        if self.weights.is_null() { 1.0 } else { unsafe { *self.weights.add(tap) } }
    }
}

impl ResampleForward {
    /// Rows and columns.
    #[inline(always)]
    fn axes(&self) -> [Axis; 2] {
        let rows = Axis { starts: self.row_starts, taps: self.row_taps, weights: self.row_weights };
        [rows, Axis { starts: self.column_starts, taps: self.column_taps, weights: self.column_weights }]
    }
}

pub const KERNELS: &[Kernel] = &[
    row!("resample.forward.f32/simd", ResampleForward, simd::forward::<Vector>),
    reference_row!("resample.forward.f32/reference", ResampleForward, reference::forward),
];
