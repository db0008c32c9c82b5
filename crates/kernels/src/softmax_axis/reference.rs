//! The definition in f64.

use super::{SoftmaxAxisBackward, SoftmaxAxisForward, items};
use crate::abi::Task;
use crate::pixels::List;

/// # Safety
/// x and y hold `[outer, classes, inner]`.
pub unsafe fn forward(a: &SoftmaxAxisForward, task: &Task) {
    let (count, inner) = ((a.outer * a.classes * a.inner) as usize, a.inner as usize);
    // SAFETY: as above.
    let [x, y] = unsafe { [a.x, a.y.cast_const()].map(|list| List::new(list, count)) };
    for (first, columns) in items(task, [a.outer, a.classes, a.inner]) {
        for c in columns {
            let places = (0..a.classes as usize).map(|k| first + k * inner + c);
            let max = places.clone().map(|i| x.at(i)).fold(f64::NEG_INFINITY, f64::max);
            let sum: f64 = places.clone().map(|i| libm::exp(x.at(i) - max)).sum();
            for i in places {
                let centred = x.at(i) - max;
                y.set(i, if a.log != 0 { centred - libm::log(sum) } else { libm::exp(centred) / sum });
            }
        }
    }
}

/// # Safety
/// dy, y and dx hold `[outer, classes, inner]`.
pub unsafe fn backward(a: &SoftmaxAxisBackward, task: &Task) {
    let (count, inner) = ((a.outer * a.classes * a.inner) as usize, a.inner as usize);
    // SAFETY: as above.
    let [dy, y, dx] = unsafe { [a.dy, a.y, a.dx.cast_const()].map(|list| List::new(list, count)) };
    for (first, columns) in items(task, [a.outer, a.classes, a.inner]) {
        for c in columns {
            let places = (0..a.classes as usize).map(|k| first + k * inner + c);
            let sum: f64 = places.clone().map(|i| if a.log != 0 { dy.at(i) } else { dy.at(i) * y.at(i) }).sum();
            for i in places {
                let slope = if a.log != 0 { dy.at(i) - libm::exp(y.at(i)) * sum } else { y.at(i) * (dy.at(i) - sum) };
                dx.set(i, slope);
            }
        }
    }
}
