//! Exponentials in f32, sums in f64, a cache line of columns side by side.

use super::{BLOCK, SoftmaxAxisBackward, SoftmaxAxisForward, items};
use crate::abi::Task;

/// # Safety
/// As for the reference.
pub unsafe fn forward(a: &SoftmaxAxisForward, task: &Task) {
    let (rows, inner) = (0..a.classes as usize, a.inner as usize);
    for (first, columns) in items(task, [a.outer, a.classes, a.inner]) {
        let (mut max, mut sum) = ([f32::NEG_INFINITY; BLOCK], [0.0; BLOCK]);
        let places = || rows.clone().flat_map(|k| columns.clone().map(move |c| (c, first + k * inner + c)));
        // SAFETY: the places lie within the tensors.
        unsafe {
            for (c, i) in places() {
                let value = *a.x.add(i);
                max[c] = if value > max[c] { value } else { max[c] };
            }
            // A NaN makes its sum NaN.
            for (c, i) in places() {
                let e = libm::expf(*a.x.add(i) - max[c]);
                sum[c] += e as f64;
                if a.log == 0 {
                    *a.y.add(i) = e;
                }
            }
            let factor = sum.map(|sum| (1.0 / sum) as f32);
            let logarithm = sum.map(|sum| if a.log != 0 { libm::log(sum) } else { 0.0 });
            for (c, i) in places() {
                if a.log != 0 {
                    *a.y.add(i) = ((*a.x.add(i) - max[c]) as f64 - logarithm[c]) as f32;
                } else {
                    *a.y.add(i) *= factor[c];
                }
            }
        }
    }
}

/// # Safety
/// As for the reference.
pub unsafe fn backward(a: &SoftmaxAxisBackward, task: &Task) {
    let (rows, inner) = (0..a.classes as usize, a.inner as usize);
    for (first, columns) in items(task, [a.outer, a.classes, a.inner]) {
        let mut sum = [0.0; BLOCK];
        let places = || rows.clone().flat_map(|k| columns.clone().map(move |c| (c, first + k * inner + c)));
        // SAFETY: the places lie within the tensors.
        unsafe {
            for (c, i) in places() {
                let weight = if a.log != 0 { 1.0 } else { *a.y.add(i) as f64 };
                sum[c] += *a.dy.add(i) as f64 * weight;
            }
            for (c, i) in places() {
                let (dy, y) = (*a.dy.add(i), *a.y.add(i));
                *a.dx.add(i) = if a.log != 0 { dy - libm::expf(y) * sum[c] as f32 } else { y * (dy - sum[c] as f32) };
            }
        }
    }
}
