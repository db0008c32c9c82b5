//! The definition in f64.

use super::SgdUpdate;
use crate::abi::Task;

/// # Safety
/// `param` and `buffer` hold `pixels·channels` floats, `grad` covers them at its stride.
pub unsafe fn forward(a: &SgdUpdate, task: &Task) {
    let channels = a.channels as usize;
    for p in task.range(a.pixels) {
        for c in 0..channels {
            // SAFETY: p and c are in range.
            unsafe {
                let (param, buffer) = (a.param.add(p * channels + c), a.buffer.add(p * channels + c));
                let momentum = a.momentum as f64;
                let grad = *a.grad.add(p * a.grad_stride as usize + c) as f64;
                let g = grad + a.weight_decay as f64 * *param as f64;
                let moved = momentum * *buffer as f64 + g;
                let change = if a.nesterov != 0 { g + momentum * moved } else { moved };
                *buffer = moved as f32;
                *param = (*param as f64 - *a.lr as f64 * change) as f32;
            }
        }
    }
}
