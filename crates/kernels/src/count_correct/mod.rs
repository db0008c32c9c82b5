//! How many rows of `[rows, classes]` have their first maximum at the label; a row with a NaN counts as wrong.

pub mod reference;
#[cfg(test)]
mod tests;

use crate::abi::{Kernel, Task};

kernel_args! {
    pub struct CountCorrect {
        pub logits: *const f32,
        pub logits_stride: u32,
        pub labels: *const i32,
        pub rows: u32,
        pub classes: u32,
        pub correct: *mut i32,
    }
}

pub const KERNELS: &[Kernel] = &[
    row!("countCorrect.forward.f32/scalar", CountCorrect, forward),
    reference_row!("countCorrect.forward.f32/reference", CountCorrect, reference::forward),
];

/// # Safety
/// `logits` covers `rows` rows of `classes` at its stride, `labels` holds `rows` elements. One chunk.
pub unsafe fn forward(a: &CountCorrect, _: &Task) {
    let classes = a.classes as usize;
    let mut correct = 0;
    for row in 0..a.rows as usize {
        // SAFETY: row and k are in range.
        unsafe {
            let x = |k: usize| *a.logits.add(row * a.logits_stride as usize + k);
            let label = *a.labels.add(row) as usize;
            let wins = |k: usize| if k < label { x(label) > x(k) } else { x(label) >= x(k) };
            correct += (label < classes && (0..classes).all(wins)) as i32;
        }
    }
    // SAFETY: correct is one integer.
    unsafe { *a.correct = correct };
}
