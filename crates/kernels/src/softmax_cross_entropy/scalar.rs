//! Exponentials in f32, sums and losses in f64.

use super::{SoftmaxCrossEntropyMean, SoftmaxCrossEntropyRows};
use crate::abi::Task;
use crate::softmax::scalar::exponentials;

/// # Safety
/// As for the reference.
pub unsafe fn rows(a: &SoftmaxCrossEntropyRows, task: &Task) {
    let classes = a.classes as usize;
    let smoothing = a.smoothing as f64;
    for row in task.range(a.rows) {
        // SAFETY: row and k are in range.
        unsafe {
            let x = a.logits.add(row * a.logits_stride as usize);
            let d = a.dlogits.add(row * a.dlogits_stride as usize);
            let label = *a.labels.add(row) as usize;
            let (max, sum) = exponentials(x, d, classes);
            let top = if label < classes { *x.add(label) as f64 } else { f64::NAN };
            let mean = match a.smoothing {
                0.0 => 0.0,
                _ => (0..classes).map(|k| *x.add(k) as f64).sum::<f64>() / classes as f64,
            };
            *a.losses.add(row) = libm::log(sum) + max as f64 - (1.0 - smoothing) * top - smoothing * mean;
            let share = smoothing / classes as f64;
            for k in 0..classes {
                let target = share + if k == label { 1.0 - smoothing } else { 0.0 };
                *d.add(k) = ((*d.add(k) as f64 / sum - target) / a.rows as f64) as f32;
            }
        }
    }
}

/// # Safety
/// `losses` holds `rows` numbers.
pub unsafe fn mean(a: &SoftmaxCrossEntropyMean, _: &Task) {
    // SAFETY: row is in range.
    let sum: f64 = (0..a.rows as usize).map(|row| unsafe { *a.losses.add(row) }).sum();
    // SAFETY: loss is one float.
    unsafe { *a.loss = (sum / a.rows as f64) as f32 };
}
