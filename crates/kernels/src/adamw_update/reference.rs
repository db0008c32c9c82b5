//! The definition in f64.

use super::AdamwUpdate;
use crate::abi::Task;

/// # Safety
/// `param`, `m` and `v` hold `pixels·channels` floats, `grad` covers them at its stride.
pub unsafe fn forward(a: &AdamwUpdate, task: &Task) {
    let channels = a.channels as usize;
    // SAFETY: as above.
    let f = unsafe { a.factors() };
    for p in task.range(a.pixels) {
        for c in 0..channels {
            let i = p * channels + c;
            // SAFETY: p and c are in range.
            unsafe {
                let g = *a.grad.add(p * a.grad_stride as usize + c) as f64;
                let m = f.beta1 * *a.m.add(i) as f64 + (1.0 - f.beta1) * g;
                let v = f.beta2 * *a.v.add(i) as f64 + (1.0 - f.beta2) * g * g;
                let change = f.rate * m / (libm::sqrt(v) * f.correction + a.eps as f64);
                *a.m.add(i) = m as f32;
                *a.v.add(i) = v as f32;
                *a.param.add(i) = (*a.param.add(i) as f64 * f.decay - change) as f32;
            }
        }
    }
}
