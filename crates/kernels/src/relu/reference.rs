//! The definition, element by element.

use super::{ReluBackward, ReluForward};
use crate::abi::Task;
use crate::pixels::{Pixels, each, relu};

/// # Safety
/// Pointers cover `pixels` rows at their strides.
pub unsafe fn forward(a: &ReluForward, task: &Task) {
    let ReluForward { pixels, channels, .. } = *a;
    // SAFETY: as above.
    let [x, y] = unsafe { [Pixels::new(a.x, a.x_stride, pixels, channels), Pixels::new(a.y, a.y_stride, pixels, channels)] };
    for (p, c) in each(task, pixels, channels) {
        y.set(p, c, relu(x.at(p, c)));
    }
}

/// # Safety
/// Pointers cover `pixels` rows at their strides.
pub unsafe fn backward(a: &ReluBackward, task: &Task) {
    let ReluBackward { pixels, channels, .. } = *a;
    // SAFETY: as above.
    let [dy, y, dx] = unsafe {
        [
            Pixels::new(a.dy, a.dy_stride, pixels, channels),
            Pixels::new(a.y, a.y_stride, pixels, channels),
            Pixels::new(a.dx, a.dx_stride, pixels, channels),
        ]
    };
    for (p, c) in each(task, pixels, channels) {
        dx.set(p, c, if y.at(p, c) > 0.0 { dy.at(p, c) } else { 0.0 });
    }
}
