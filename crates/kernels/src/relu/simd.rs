//! Rows of lanes with a scalar tail; contiguous tensors are one long row.

use super::{ReluBackward, ReluForward};
use crate::abi::Task;
use crate::lanes::Lanes;

/// # Safety
/// As for the reference.
pub unsafe fn forward<L: Lanes>(a: &ReluForward, task: &Task) {
    let range = task.range(a.pixels);
    let channels = a.channels as usize;
    let contiguous = a.x_stride == a.channels && a.y_stride == a.channels;
    let (rows, len) = if contiguous { (1, range.len() * channels) } else { (range.len(), channels) };
    for row in 0..rows {
        let p = range.start + row;
        // SAFETY: the row lies within this chunk's pixels.
        unsafe {
            let x = a.x.add(p * a.x_stride as usize);
            let y = a.y.add(p * a.y_stride as usize);
            let mut c = 0;
            while c + 4 <= len {
                L::load(x.add(c)).max(L::zero()).store(y.add(c));
                c += 4;
            }
            while c < len {
                let value = *x.add(c);
                *y.add(c) = if value < 0.0 { 0.0 } else { value };
                c += 1;
            }
        }
    }
}

/// # Safety
/// As for the reference.
pub unsafe fn backward<L: Lanes>(a: &ReluBackward, task: &Task) {
    let range = task.range(a.pixels);
    let channels = a.channels as usize;
    let contiguous = [a.dy_stride, a.y_stride, a.dx_stride].iter().all(|&s| s == a.channels);
    let (rows, len) = if contiguous { (1, range.len() * channels) } else { (range.len(), channels) };
    for row in 0..rows {
        let p = range.start + row;
        // SAFETY: the row lies within this chunk's pixels.
        unsafe {
            let dy = a.dy.add(p * a.dy_stride as usize);
            let y = a.y.add(p * a.y_stride as usize);
            let dx = a.dx.add(p * a.dx_stride as usize);
            let mut c = 0;
            while c + 4 <= len {
                L::load(dy.add(c)).keep_where_positive(L::load(y.add(c))).store(dx.add(c));
                c += 4;
            }
            while c < len {
                *dx.add(c) = if *y.add(c) > 0.0 { *dy.add(c) } else { 0.0 };
                c += 1;
            }
        }
    }
}
