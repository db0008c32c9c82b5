//! The definition in f64.

use super::{SoftmaxBackward, SoftmaxForward};
use crate::abi::Task;
use crate::pixels::Pixels;

/// # Safety
/// `x` and `y` cover `rows` rows of `classes` at their strides.
pub unsafe fn forward(a: &SoftmaxForward, task: &Task) {
    let (rows, classes) = (a.rows, 0..a.classes as usize);
    // SAFETY: as above.
    let [x, y] = unsafe { [Pixels::new(a.x, a.x_stride, rows, a.classes), Pixels::new(a.y, a.y_stride, rows, a.classes)] };
    for row in task.range(rows) {
        let max = classes.clone().map(|k| x.at(row, k)).fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = classes.clone().map(|k| libm::exp(x.at(row, k) - max)).sum();
        for k in classes.clone() {
            y.set(row, k, libm::exp(x.at(row, k) - max) / sum);
        }
    }
}

/// # Safety
/// `dy`, `y` and `dx` cover `rows` rows of `classes` at their strides.
pub unsafe fn backward(a: &SoftmaxBackward, task: &Task) {
    let (rows, classes) = (a.rows, 0..a.classes as usize);
    // SAFETY: as above.
    let [dy, y, dx] = unsafe {
        [
            Pixels::new(a.dy, a.dy_stride, rows, a.classes),
            Pixels::new(a.y, a.y_stride, rows, a.classes),
            Pixels::new(a.dx, a.dx_stride, rows, a.classes),
        ]
    };
    for row in task.range(rows) {
        let mean: f64 = classes.clone().map(|k| dy.at(row, k) * y.at(row, k)).sum();
        for k in classes.clone() {
            dx.set(row, k, y.at(row, k) * (dy.at(row, k) - mean));
        }
    }
}
