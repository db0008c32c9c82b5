//! Exponentials in f32, sums in f64.

use super::{SoftmaxBackward, SoftmaxForward};
use crate::abi::Task;

/// Writes `exp(x - max)` to y and returns `(max, Σ)`; y may be x. A NaN in x makes the sum NaN.
///
/// # Safety
/// `classes` floats at x and y.
pub unsafe fn exponentials(x: *const f32, y: *mut f32, classes: usize) -> (f32, f64) {
    let (mut max, mut sum) = (f32::NEG_INFINITY, 0.0);
    // SAFETY: k is below classes.
    unsafe {
        for k in 0..classes {
            let value = *x.add(k);
            max = if value > max { value } else { max };
        }
        for k in 0..classes {
            let e = libm::expf(*x.add(k) - max);
            *y.add(k) = e;
            sum += e as f64;
        }
    }
    (max, sum)
}

/// # Safety
/// As for the reference.
pub unsafe fn forward(a: &SoftmaxForward, task: &Task) {
    let classes = a.classes as usize;
    for row in task.range(a.rows) {
        // SAFETY: row and k are in range.
        unsafe {
            let y = a.y.add(row * a.y_stride as usize);
            let (_, sum) = exponentials(a.x.add(row * a.x_stride as usize), y, classes);
            let factor = (1.0 / sum) as f32;
            (0..classes).for_each(|k| *y.add(k) *= factor);
        }
    }
}

/// # Safety
/// As for the reference.
pub unsafe fn backward(a: &SoftmaxBackward, task: &Task) {
    let classes = a.classes as usize;
    for row in task.range(a.rows) {
        // SAFETY: row and k are in range.
        unsafe {
            let dy = a.dy.add(row * a.dy_stride as usize);
            let y = a.y.add(row * a.y_stride as usize);
            let dx = a.dx.add(row * a.dx_stride as usize);
            let mean = (0..classes).map(|k| *dy.add(k) as f64 * *y.add(k) as f64).sum::<f64>() as f32;
            (0..classes).for_each(|k| *dx.add(k) = *y.add(k) * (*dy.add(k) - mean));
        }
    }
}
