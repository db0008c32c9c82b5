//! The two loops of memory-bound kernels: along a row, and down a column of channels.
//!
//! A kernel states what happens at one place, for any width of lanes; the loops walk it with vectors and finish with
//! [`Scalar`] lanes.

use crate::abi::Task;
use crate::lanes::{Lanes, Scalar};
use core::ops::Range;

/// Elements of `[pixels, channels]` that lie next to each other in every tensor of a step.
pub struct Span {
    pixel: usize,
    offset: usize,
    pub len: usize,
}

impl Span {
    /// # Safety
    /// `base` covers the pixels of the step at `stride`.
    #[inline(always)]
    pub unsafe fn at<T>(&self, base: *const T, stride: u32) -> *const T {
        // SAFETY: the span lies within the step's pixels.
        unsafe { base.add(self.pixel * stride as usize + self.offset) }
    }
    /// # Safety
    /// As for [`Span::at`].
    #[inline(always)]
    pub unsafe fn at_mut<T>(&self, base: *mut T, stride: u32) -> *mut T {
        // SAFETY: the span lies within the step's pixels.
        unsafe { base.add(self.pixel * stride as usize + self.offset) }
    }
    /// Index of the first element in a contiguous `[pixels, channels]`.
    pub fn first(&self, channels: u32) -> usize {
        self.pixel * channels as usize + self.offset
    }
}

/// The spans of a chunk: one if all strides equal the channels, else one a pixel.
pub fn spans(task: &Task, pixels: u32, channels: u32, strides: &[u32]) -> impl Iterator<Item = Span> {
    let contiguous = pixels == 1 || strides.iter().all(|&stride| stride == channels);
    let range = if contiguous { task.aligned_range(pixels * channels, 16) } else { task.range(pixels) };
    let rows = if contiguous { (!range.is_empty()) as usize } else { range.len() };
    (0..rows).map(move |row| {
        if contiguous {
            Span { pixel: 0, offset: range.start, len: range.len() }
        } else {
            Span { pixel: range.start + row, offset: 0, len: channels as usize }
        }
    })
}

/// What happens at the elements `i..i + L::WIDTH` of a row.
pub trait Row {
    /// # Safety
    /// `i + L::WIDTH` elements are there.
    unsafe fn at<L: Lanes>(&self, i: usize);
}

/// # Safety
/// The row has `len` elements.
#[inline(always)]
pub unsafe fn along<L: Lanes>(row: &impl Row, len: usize) {
    let mut i = 0;
    // SAFETY: every index is below len.
    unsafe {
        while i + 4 * L::WIDTH <= len {
            row.at::<L>(i);
            row.at::<L>(i + L::WIDTH);
            row.at::<L>(i + 2 * L::WIDTH);
            row.at::<L>(i + 3 * L::WIDTH);
            i += 4 * L::WIDTH;
        }
        while i + L::WIDTH <= len {
            row.at::<L>(i);
            i += L::WIDTH;
        }
        if L::Rest::WIDTH < L::WIDTH && i + L::Rest::WIDTH <= len {
            row.at::<L::Rest>(i);
            i += L::Rest::WIDTH;
        }
        while i < len {
            row.at::<Scalar>(i);
            i += 1;
        }
    }
}

/// What happens to the channels `c..c + V·L::WIDTH` of a block of pixels, with `V` vectors in registers.
pub trait Column {
    /// # Safety
    /// These channels are there.
    unsafe fn down<L: Lanes, const V: usize>(&self, c: usize);
}

/// Walks the channels of a range, `V` vectors at a time.
///
/// # Safety
/// The range lies within the column's channels.
#[inline(always)]
pub unsafe fn across<L: Lanes, const V: usize>(column: &impl Column, channels: Range<usize>) {
    let (mut c, end) = (channels.start, channels.end);
    // SAFETY: every block ends within the range.
    unsafe {
        while c + V * L::WIDTH <= end {
            column.down::<L, V>(c);
            c += V * L::WIDTH;
        }
        while c + L::WIDTH <= end {
            column.down::<L, 1>(c);
            c += L::WIDTH;
        }
        if L::Rest::WIDTH < L::WIDTH && c + L::Rest::WIDTH <= end {
            column.down::<L::Rest, 1>(c);
            c += L::Rest::WIDTH;
        }
        while c < end {
            column.down::<Scalar, 1>(c);
            c += 1;
        }
    }
}

/// `V` vectors from `p` on.
///
/// # Safety
/// `V · L::WIDTH` readable floats.
#[inline(always)]
pub unsafe fn load_all<L: Lanes, const V: usize>(p: *const f32) -> [L; V] {
    // SAFETY: the caller vouches for the length.
    core::array::from_fn(|v| unsafe { L::load(p.add(v * L::WIDTH)) })
}

/// # Safety
/// `V · L::WIDTH` writable floats.
#[inline(always)]
pub unsafe fn store_all<L: Lanes, const V: usize>(values: [L; V], p: *mut f32) {
    for v in 0..V {
        // SAFETY: the caller vouches for the length.
        unsafe { values[v].store(p.add(v * L::WIDTH)) };
    }
}

/// Reads a float of each cache line of a block in the order of memory, so that the hardware's prefetcher has it ready for a
/// walk whose jumps the prefetcher does not follow.
///
/// # Safety
/// `pixels` rows of `channels` floats at `x`, `stride` apart.
#[inline(always)]
pub unsafe fn touch(x: *const f32, stride: usize, pixels: usize, channels: usize) {
    for p in 0..pixels {
        for c in (0..channels).step_by(16) {
            // SAFETY: p and c are in range; volatile keeps the read of a value that nobody wants.
            unsafe { x.add(p * stride + c).read_volatile() };
        }
    }
}

/// As [`touch`], for a walk down columns: those of a single cache line go in the order of memory as they are.
///
/// # Safety
/// As for [`touch`].
#[inline(always)]
pub unsafe fn touch_columns(x: *const f32, stride: usize, pixels: usize, channels: usize) {
    // SAFETY: the caller vouches for the block.
    unsafe { touch(x, stride, if channels > 16 { pixels } else { 0 }, channels) };
}
