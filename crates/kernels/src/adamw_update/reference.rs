//! The definition in f64.

use super::AdamwUpdate;
use crate::abi::Task;
use crate::pixels::{Pixels, each};

/// # Safety
/// `param`, `m` and `v` hold `pixels·channels` floats, `grad` covers them at its stride.
pub unsafe fn forward(a: &AdamwUpdate, task: &Task) {
    let AdamwUpdate { pixels, channels, .. } = *a;
    // SAFETY: as above.
    let ([param, grad, m, v], f) = unsafe {
        let tensors = [
            Pixels::new(a.param, channels, pixels, channels),
            Pixels::new(a.grad, a.grad_stride, pixels, channels),
            Pixels::new(a.m, channels, pixels, channels),
            Pixels::new(a.v, channels, pixels, channels),
        ];
        (tensors, a.factors())
    };
    for (p, c) in each(task, pixels, channels) {
        let g = grad.at(p, c);
        let mean = f.beta1 * m.at(p, c) + (1.0 - f.beta1) * g;
        let square = f.beta2 * v.at(p, c) + (1.0 - f.beta2) * g * g;
        let change = f.rate * mean / (libm::sqrt(square) * f.correction + a.eps as f64);
        m.set(p, c, mean);
        v.set(p, c, square);
        param.set(p, c, param.at(p, c) * f.decay - change);
    }
}
