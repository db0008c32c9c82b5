//! The definition in f64.

use super::SgdUpdate;
use crate::abi::Task;
use crate::pixels::{List, Pixels, each};

/// # Safety
/// `param` and `buffer` hold `pixels·channels` floats, `grad` covers them at its stride.
pub unsafe fn forward(a: &SgdUpdate, task: &Task) {
    let SgdUpdate { pixels, channels, .. } = *a;
    // SAFETY: as above.
    let ([param, grad, buffer], lr) = unsafe {
        let tensors = [
            Pixels::new(a.param, channels, pixels, channels),
            Pixels::new(a.grad, a.grad_stride, pixels, channels),
            Pixels::new(a.buffer, channels, pixels, channels),
        ];
        (tensors, List::new(a.lr, 1).at(0))
    };
    let (momentum, decay) = (a.momentum as f64, a.weight_decay as f64);
    for (p, c) in each(task, pixels, channels) {
        let g = grad.at(p, c) + decay * param.at(p, c);
        let moved = momentum * buffer.at(p, c) + g;
        let change = if a.nesterov != 0 { g + momentum * moved } else { moved };
        buffer.set(p, c, moved);
        param.set(p, c, param.at(p, c) - lr * change);
    }
}
