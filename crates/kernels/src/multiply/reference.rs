//! The definition, element by element.

use super::{MultiplyForward, MultiplyPartials, MultiplyScale, MultiplySum};
use crate::abi::Task;
use crate::pixels::{List, Pixels, each};

/// # Safety
/// Pointers cover `pixels` rows at their strides.
pub unsafe fn forward(args: &MultiplyForward, task: &Task) {
    let MultiplyForward { pixels, channels, .. } = *args;
    // SAFETY: as above.
    let [a, b, y] = unsafe {
        [
            Pixels::new(args.a, args.a_stride, pixels, channels),
            Pixels::new(args.b, args.b_stride, pixels, channels),
            Pixels::new(args.y, args.y_stride, pixels, channels),
        ]
    };
    for (p, c) in each(task, pixels, channels) {
        y.set(p, c, a.at(p, c) * b.at(p, c));
    }
}

/// # Safety
/// Pointers cover `pixels` rows at their strides, `scale` one float.
pub unsafe fn scale(a: &MultiplyScale, task: &Task) {
    let MultiplyScale { pixels, channels, .. } = *a;
    // SAFETY: as above.
    let ([x, y], scale) = unsafe {
        let tensors = [Pixels::new(a.x, a.x_stride, pixels, channels), Pixels::new(a.y, a.y_stride, pixels, channels)];
        (tensors, List::new(a.scale, 1))
    };
    for (p, c) in each(task, pixels, channels) {
        y.set(p, c, x.at(p, c) * scale.at(0));
    }
}

/// # Safety
/// Pointers cover `pixels` rows at their strides; `partials` has one place for each chunk.
pub unsafe fn partials(args: &MultiplyPartials, task: &Task) {
    let MultiplyPartials { pixels, channels, .. } = *args;
    // SAFETY: as above.
    let ([a, b], partials) = unsafe {
        let tensors =
            [Pixels::new(args.a, args.a_stride, pixels, channels), Pixels::new(args.b, args.b_stride, pixels, channels)];
        (tensors, List::new(args.partials, task.chunks as usize))
    };
    partials.set(task.chunk as usize, each(task, pixels, channels).map(|(p, c)| a.at(p, c) * b.at(p, c)).sum());
}

/// # Safety
/// `partials` holds `parts` numbers.
pub unsafe fn sum(a: &MultiplySum, _: &Task) {
    // SAFETY: as above.
    let (partials, y) = unsafe { (List::new(a.partials, a.parts as usize), List::new(a.y, 1)) };
    y.set(0, (0..a.parts as usize).map(|part| partials.at(part)).sum());
}
