//! Rows of lanes. Sums over windows read a row in scratch memory that has zeros where there are no channels.

use super::{LocalResponseNormBackward, LocalResponseNormForward};
use crate::abi::Task;
use crate::copy::simd::fill_row;
use crate::lanes::{Lanes, Scalar};
use crate::loops::Row;

/// Walks a row vector by vector. Rows are short and have several passes: unrolled loops would be more code than they are worth.
///
/// # Safety
/// The row has `len` elements.
#[inline(always)]
unsafe fn walk<L: Lanes>(row: &impl Row, len: usize) {
    let mut i = 0;
    // SAFETY: every index is below len.
    unsafe {
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

/// `y = k + factor·Σ row[i..i + size]`.
struct Sums {
    row: *const f32,
    size: usize,
    k: f32,
    factor: f32,
    y: *mut f32,
}

impl Row for Sums {
    #[inline(always)]
    unsafe fn at<L: Lanes>(&self, i: usize) {
        let mut sum = L::zero();
        // SAFETY: i lies within the row, and its window within that with zeros.
        unsafe {
            for tap in 0..self.size {
                sum = sum.add(L::load(self.row.add(i + tap)));
            }
            L::splat(self.k).madd(sum, L::splat(self.factor)).store(self.y.add(i));
        }
    }
}

struct Squares {
    x: *const f32,
    y: *mut f32,
}

impl Row for Squares {
    #[inline(always)]
    unsafe fn at<L: Lanes>(&self, i: usize) {
        // SAFETY: i lies within the row.
        unsafe {
            let x = L::load(self.x.add(i));
            x.mul(x).store(self.y.add(i));
        }
    }
}

/// `y = x^(3/4)`.
struct ThreeQuarters {
    x: *const f32,
    y: *mut f32,
}

impl Row for ThreeQuarters {
    #[inline(always)]
    unsafe fn at<L: Lanes>(&self, i: usize) {
        // SAFETY: i lies within the row.
        unsafe {
            let root = L::load(self.x.add(i)).sqrt();
            root.mul(root.sqrt()).store(self.y.add(i));
        }
    }
}

struct Quotient {
    x: *const f32,
    power: *const f32,
    y: *mut f32,
}

impl Row for Quotient {
    #[inline(always)]
    unsafe fn at<L: Lanes>(&self, i: usize) {
        // SAFETY: i lies within the row.
        unsafe { L::load(self.x.add(i)).div(L::load(self.power.add(i))).store(self.y.add(i)) }
    }
}

/// `direct = dy/power`, `terms = direct·x/d`.
struct Terms {
    dy: *const f32,
    x: *const f32,
    d: *const f32,
    power: *const f32,
    direct: *mut f32,
    terms: *mut f32,
}

impl Row for Terms {
    #[inline(always)]
    unsafe fn at<L: Lanes>(&self, i: usize) {
        // SAFETY: i lies within the row.
        unsafe {
            let direct = L::load(self.dy.add(i)).div(L::load(self.power.add(i)));
            direct.store(self.direct.add(i));
            direct.mul(L::load(self.x.add(i))).div(L::load(self.d.add(i))).store(self.terms.add(i));
        }
    }
}

/// `dx += x·sums`.
struct AddProduct {
    x: *const f32,
    sums: *const f32,
    dx: *mut f32,
}

impl Row for AddProduct {
    #[inline(always)]
    unsafe fn at<L: Lanes>(&self, i: usize) {
        // SAFETY: i lies within the row.
        unsafe {
            let dx = L::load(self.dx.add(i));
            dx.madd(L::load(self.x.add(i)), L::load(self.sums.add(i))).store(self.dx.add(i));
        }
    }
}

/// What both passes compute for a pixel, in scratch memory.
struct Rows {
    channels: usize,
    size: usize,
    beta: f32,
    /// Squares or terms, with zeros at both ends.
    padded: *mut f32,
    d: *mut f32,
    power: *mut f32,
}

impl Rows {
    #[inline(always)]
    unsafe fn new(scratch: *mut f32, channels: u32, size: u32, beta: f32) -> Self {
        let (channels, size) = (channels as usize, size as usize);
        // SAFETY: scratch memory has room for three rows and what lies outside.
        unsafe {
            let d = scratch.add(channels + size);
            Self { channels, size, beta, padded: scratch, d, power: d.add(channels) }
        }
    }

    /// The channels of the padded row, with zeros before them and after them.
    #[inline(always)]
    unsafe fn between<L: Lanes>(&self, before: usize) -> *mut f32 {
        // SAFETY: before is less than size, so that both ends lie within the row.
        unsafe {
            fill_row::<L>(0.0, self.padded, before);
            fill_row::<L>(0.0, self.padded.add(before + self.channels), self.size - 1 - before);
            self.padded.add(before)
        }
    }

    /// Writes d and its power for a pixel.
    #[inline(always)]
    unsafe fn measure<L: Lanes>(&self, x: *const f32, k: f32, alpha: f32) {
        let factor = alpha / self.size as f32;
        // SAFETY: as above.
        unsafe {
            walk::<L>(&Squares { x, y: self.between::<L>(self.size / 2) }, self.channels);
            walk::<L>(&Sums { row: self.padded, size: self.size, k, factor, y: self.d }, self.channels);
            if self.beta == 0.75 {
                walk::<L>(&ThreeQuarters { x: self.d, y: self.power }, self.channels);
            } else {
                (0..self.channels).for_each(|c| *self.power.add(c) = libm::powf(*self.d.add(c), self.beta));
            }
        }
    }
}

/// # Safety
/// As for the reference, with scratch memory.
pub unsafe fn forward<L: Lanes>(a: &LocalResponseNormForward, task: &Task) {
    // SAFETY: every pixel lies within the tensors.
    unsafe {
        let rows = Rows::new(task.scratch, a.channels, a.size, a.beta);
        for p in task.range(a.pixels) {
            let (x, y) = (a.x.add(p * a.x_stride as usize), a.y.add(p * a.y_stride as usize));
            rows.measure::<L>(x, a.k, a.alpha);
            walk::<L>(&Quotient { x, power: rows.power, y }, rows.channels);
        }
    }
}

/// # Safety
/// As for the reference, with scratch memory.
pub unsafe fn backward<L: Lanes>(a: &LocalResponseNormBackward, task: &Task) {
    let factor = -2.0 * a.beta * a.alpha / a.size as f32;
    // SAFETY: every pixel lies within the tensors.
    unsafe {
        let rows = Rows::new(task.scratch, a.channels, a.size, a.beta);
        for p in task.range(a.pixels) {
            let (dy, x) = (a.dy.add(p * a.dy_stride as usize), a.x.add(p * a.x_stride as usize));
            let dx = a.dx.add(p * a.dx_stride as usize);
            rows.measure::<L>(x, a.k, a.alpha);
            let terms = rows.between::<L>((rows.size - 1) / 2);
            walk::<L>(&Terms { dy, x, d: rows.d, power: rows.power, direct: dx, terms }, rows.channels);
            walk::<L>(&Sums { row: rows.padded, size: rows.size, k: 0.0, factor, y: rows.d }, rows.channels);
            walk::<L>(&AddProduct { x, sums: rows.d, dx }, rows.channels);
        }
    }
}
