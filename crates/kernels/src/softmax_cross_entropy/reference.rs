//! The definition in f64.

use super::SoftmaxCrossEntropyRows;
use crate::abi::Task;
use crate::pixels::{List, Pixels};

/// # Safety
/// `logits` and `dlogits` cover `rows` rows of `classes` at their strides, `labels` and `losses` hold `rows` elements.
pub unsafe fn rows(a: &SoftmaxCrossEntropyRows, task: &Task) {
    let (classes, s) = (a.classes as usize, a.smoothing as f64);
    // SAFETY: as above.
    let ([logits, dlogits], labels, losses) = unsafe {
        let tensors = [
            Pixels::new(a.logits, a.logits_stride, a.rows, a.classes),
            Pixels::new(a.dlogits, a.dlogits_stride, a.rows, a.classes),
        ];
        (tensors, List::new(a.labels, a.rows as usize), List::new(a.losses, a.rows as usize))
    };
    for row in task.range(a.rows) {
        let label = labels.at(row) as usize;
        let x = |k: usize| logits.at(row, k);
        let target = |k: usize| s / classes as f64 + if k == label { 1.0 - s } else { 0.0 };
        let max = (0..classes).map(x).fold(f64::NEG_INFINITY, f64::max);
        let log_sum = max + libm::log((0..classes).map(|k| libm::exp(x(k) - max)).sum());
        let loss: f64 = (0..classes).map(|k| target(k) * (log_sum - x(k))).sum();
        losses.set(row, if label < classes { loss } else { f64::NAN });
        for k in 0..classes {
            dlogits.set(row, k, (libm::exp(x(k) - log_sum) - target(k)) / a.rows as f64);
        }
    }
}
