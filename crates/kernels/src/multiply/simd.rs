//! Rows of lanes.

use super::{MultiplyForward, MultiplyPartials, MultiplyScale};
use crate::abi::Task;
use crate::lanes::{F32x4, Lanes};
use crate::loops::{Row, along, spans};

/// Products that one of four lanes adds in f32 before the sum goes on in f64; four in all builds, as lanes are added to each other.
const BLOCK: usize = 16;

struct Product {
    a: *const f32,
    b: *const f32,
    y: *mut f32,
}

impl Row for Product {
    #[inline(always)]
    unsafe fn at<L: Lanes>(&self, i: usize) {
        // SAFETY: i lies within the row.
        unsafe { L::load(self.a.add(i)).mul(L::load(self.b.add(i))).store(self.y.add(i)) }
    }
}

struct Scaled {
    x: *const f32,
    scale: f32,
    y: *mut f32,
}

impl Row for Scaled {
    #[inline(always)]
    unsafe fn at<L: Lanes>(&self, i: usize) {
        // SAFETY: i lies within the row.
        unsafe { L::load(self.x.add(i)).mul(L::splat(self.scale)).store(self.y.add(i)) }
    }
}

/// # Safety
/// As for the reference.
pub unsafe fn forward<L: Lanes>(args: &MultiplyForward, task: &Task) {
    for span in spans(task, args.pixels, args.channels, &[args.a_stride, args.b_stride, args.y_stride]) {
        // SAFETY: the span lies within the tensors.
        unsafe {
            let (a, b) = (span.at(args.a, args.a_stride), span.at(args.b, args.b_stride));
            along::<L>(&Product { a, b, y: span.at_mut(args.y, args.y_stride) }, span.len);
        }
    }
}

/// # Safety
/// As for the reference.
pub unsafe fn scale<L: Lanes>(args: &MultiplyScale, task: &Task) {
    for span in spans(task, args.pixels, args.channels, &[args.x_stride, args.y_stride]) {
        // SAFETY: the span lies within the tensors.
        unsafe {
            let (x, y) = (span.at(args.x, args.x_stride), span.at_mut(args.y, args.y_stride));
            along::<L>(&Scaled { x, scale: *args.scale, y }, span.len);
        }
    }
}

/// # Safety
/// As for the reference.
pub unsafe fn partials(args: &MultiplyPartials, task: &Task) {
    let mut sum = 0.0;
    for span in spans(task, args.pixels, args.channels, &[args.a_stride, args.b_stride]) {
        // SAFETY: the span lies within the tensors.
        unsafe { sum += dot(span.at(args.a, args.a_stride), span.at(args.b, args.b_stride), span.len) };
    }
    // SAFETY: there is one place for each chunk.
    unsafe { *args.partials.add(task.chunk as usize) = sum };
}

/// # Safety
/// `a` and `b` have `len` floats.
#[inline(always)]
unsafe fn dot(a: *const f32, b: *const f32, len: usize) -> f64 {
    let (mut i, mut sum) = (0, 0.0);
    // SAFETY: every index is below len.
    unsafe {
        while i + 4 <= len {
            let end = len.min(i + 4 * BLOCK);
            let mut lanes = F32x4::zero();
            while i + 4 <= end {
                lanes = lanes.madd(F32x4::load(a.add(i)), F32x4::load(b.add(i)));
                i += 4;
            }
            let [l0, l1, l2, l3] = lanes.to_array().map(f64::from);
            sum += (l0 + l2) + (l1 + l3);
        }
        while i < len {
            sum += *a.add(i) as f64 * *b.add(i) as f64;
            i += 1;
        }
    }
    sum
}
