//! Tensors as references see them: by index, within bounds, as numbers in f64.
//!
//! An index beyond the end is a panic, in release, too. Elements are cells, since an op may write where it reads.

use crate::abi::Task;
use core::cell::Cell;

/// An element in memory and the number that references compute with.
pub trait Element: Copy {
    type Number;
    fn number(self) -> Self::Number;
    fn of(number: Self::Number) -> Self;
}

macro_rules! elements {
    ($($element:ident as $number:ident),*) => {$(
        impl Element for $element {
            type Number = $number;
            fn number(self) -> $number {
                self as $number
            }
            fn of(number: $number) -> Self {
                number as $element
            }
        }
    )*};
}

elements!(f32 as f64, f64 as f64, i32 as i32, u32 as u32);

/// Elements next to each other.
#[derive(Clone, Copy)]
pub struct List<'a, T>(&'a [Cell<T>]);

impl<T: Element> List<'_, T> {
    /// # Safety
    /// `first` has `count` elements for as long as the list is used; those that are set may be written.
    pub unsafe fn new(first: *const T, count: usize) -> Self {
        // SAFETY: the caller vouches for the elements; without any, the pointer may be anything.
        Self(if count == 0 { &[] } else { unsafe { core::slice::from_raw_parts(first.cast(), count) } })
    }
    /// No list where the pointer is null.
    ///
    /// # Safety
    /// As for [`List::new`], unless it is null.
    pub unsafe fn optional(first: *const T, count: usize) -> Option<Self> {
        // SAFETY: the caller vouches for the elements.
        (!first.is_null()).then(|| unsafe { Self::new(first, count) })
    }
    pub fn at(&self, index: usize) -> T::Number {
        self.cell(index).get().number()
    }
    pub fn set(&self, index: usize, number: T::Number) {
        self.cell(index).set(T::of(number));
    }
    fn cell(&self, index: usize) -> &Cell<T> {
        self.0.get(index).unwrap_or_else(|| outside())
    }
}

/// One function without arguments: a module is loaded more often than it panics.
#[cold]
#[inline(never)]
fn outside() -> ! {
    panic!("index outside of a tensor")
}

/// Rows of channels, one for each pixel, that may lie apart.
#[derive(Clone, Copy)]
pub struct Pixels<'a, T> {
    elements: List<'a, T>,
    stride: usize,
    channels: usize,
}

impl<T: Element> Pixels<'_, T> {
    /// # Safety
    /// `first` has `pixels` rows of `channels` elements, `stride` apart, for as long as they are used; those that are set may be
    /// written.
    pub unsafe fn new(first: *const T, stride: u32, pixels: u32, channels: u32) -> Self {
        let [stride, pixels, channels] = [stride, pixels, channels].map(|size| size as usize);
        let count = if pixels == 0 { 0 } else { (pixels - 1) * stride + channels };
        // SAFETY: the last row ends with its channels.
        Self { elements: unsafe { List::new(first, count) }, stride, channels }
    }
    /// No pixels where the pointer is null.
    ///
    /// # Safety
    /// As for [`Pixels::new`], unless it is null.
    pub unsafe fn optional(first: *const T, stride: u32, pixels: u32, channels: u32) -> Option<Self> {
        // SAFETY: the caller vouches for the rows.
        (!first.is_null()).then(|| unsafe { Self::new(first, stride, pixels, channels) })
    }
    pub fn at(&self, pixel: usize, channel: usize) -> T::Number {
        self.elements.at(self.index(pixel, channel))
    }
    pub fn set(&self, pixel: usize, channel: usize, number: T::Number) {
        self.elements.set(self.index(pixel, channel), number);
    }
    fn index(&self, pixel: usize, channel: usize) -> usize {
        if channel >= self.channels {
            outside()
        }
        pixel * self.stride + channel
    }
}

/// Pixel and channel of each element of a chunk.
pub fn each(task: &Task, pixels: u32, channels: u32) -> impl Iterator<Item = (usize, usize)> {
    task.range(pixels).flat_map(move |p| (0..channels as usize).map(move |c| (p, c)))
}

/// `max(x, 0)`, or NaN.
pub fn relu(x: f64) -> f64 {
    if x < 0.0 { 0.0 } else { x }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_may_lie_apart() {
        let mut values = [1.0f32, 2.0, -1.0, 3.0, 4.0];
        // SAFETY: two rows of two, three apart.
        let pixels = unsafe { Pixels::new(values.as_mut_ptr(), 3, 2, 2) };
        assert_eq!([pixels.at(0, 1), pixels.at(1, 0)], [2.0, 3.0]);
        pixels.set(1, 1, 0.1);
        assert_eq!(values, [1.0, 2.0, -1.0, 3.0, 0.1]);
    }

    #[test]
    #[should_panic]
    fn a_gap_has_no_channels() {
        let values = [1.0f32, 2.0, -1.0, 3.0, 4.0];
        // SAFETY: as above.
        unsafe { Pixels::new(values.as_ptr(), 3, 2, 2) }.at(0, 2);
    }

    #[test]
    #[should_panic]
    fn no_pixel_lies_beyond_the_last() {
        let values = [1.0f32, 2.0, -1.0, 3.0, 4.0];
        // SAFETY: as above.
        unsafe { Pixels::new(values.as_ptr(), 3, 2, 2) }.at(2, 0);
    }

    #[test]
    fn a_null_pointer_is_none() {
        // SAFETY: null is allowed.
        assert!(unsafe { Pixels::<f32>::optional(core::ptr::null(), 1, 2, 1) }.is_none());
    }
}
