//! The definition, element by element.

use super::DropoutForward;
use crate::abi::Task;
use crate::pixels::{List, Pixels, each};
use crate::random::reference::word;
use crate::random::unit;

/// # Safety
/// Pointers cover `pixels` rows at their strides; `state` is four words.
pub unsafe fn forward(a: &DropoutForward, task: &Task) {
    let DropoutForward { pixels, channels, .. } = *a;
    // SAFETY: as above.
    let ([x, y, mask], state) = unsafe {
        let tensors = [
            Pixels::new(a.x, a.x_stride, pixels, channels),
            Pixels::new(a.y, a.y_stride, pixels, channels),
            Pixels::new(a.mask, a.mask_stride, pixels, channels),
        ];
        (tensors, List::new(a.state, 4))
    };
    let (seed, step) = ([state.at(0), state.at(1)], [state.at(2), state.at(3)]);
    for (p, c) in each(task, pixels, channels) {
        let index = p * channels as usize + c;
        let dropped = unit(word(seed, a.stream, step, index)) < a.p;
        mask.set(p, c, if dropped { 0.0 } else { a.scale as f64 });
        y.set(p, c, x.at(p, c) * mask.at(p, c));
    }
}
