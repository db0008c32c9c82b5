//! The definition in f64.

use super::SoftmaxCrossEntropyRows;
use crate::abi::Task;

/// # Safety
/// `logits` and `dlogits` cover `rows` rows of `classes` at their strides, `labels` and `losses` hold `rows` elements.
pub unsafe fn rows(a: &SoftmaxCrossEntropyRows, task: &Task) {
    let (classes, s) = (a.classes as usize, a.smoothing as f64);
    for row in task.range(a.rows) {
        // SAFETY: row and k are in range.
        unsafe {
            let label = *a.labels.add(row) as usize;
            let x = |k: usize| *a.logits.add(row * a.logits_stride as usize + k) as f64;
            let target = |k: usize| s / classes as f64 + if k == label { 1.0 - s } else { 0.0 };
            let max = (0..classes).map(x).fold(f64::NEG_INFINITY, f64::max);
            let log_sum = max + libm::log((0..classes).map(|k| libm::exp(x(k) - max)).sum());
            let loss: f64 = (0..classes).map(|k| target(k) * (log_sum - x(k))).sum();
            *a.losses.add(row) = if label < classes { loss } else { f64::NAN };
            for k in 0..classes {
                let d = (libm::exp(x(k) - log_sum) - target(k)) / a.rows as f64;
                *a.dlogits.add(row * a.dlogits_stride as usize + k) = d as f32;
            }
        }
    }
}
