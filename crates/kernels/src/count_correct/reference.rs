//! The definition: the first class that none exceeds is the label.

use super::CountCorrect;
use crate::abi::Task;
use crate::pixels::{List, Pixels};

/// # Safety
/// `logits` covers `rows` rows of `classes` at its stride, `labels` holds `rows` elements, `correct` one. One chunk.
pub unsafe fn forward(a: &CountCorrect, _: &Task) {
    let (rows, classes) = (a.rows as usize, a.classes as usize);
    // SAFETY: as above.
    let (logits, labels, correct) = unsafe {
        (Pixels::new(a.logits, a.logits_stride, a.rows, a.classes), List::new(a.labels, rows), List::new(a.correct, 1))
    };
    // A NaN is neither less nor greater than a number, so that a row with one has no greatest class.
    let greatest = |row: usize, k: usize| (0..classes).all(|other| logits.at(row, other) <= logits.at(row, k));
    let first = |row: usize| (0..classes).find(|&k| greatest(row, k));
    let is_correct = |row: &usize| first(*row).is_some_and(|k| k as i32 == labels.at(*row));
    correct.set(0, (0..rows).filter(is_correct).count() as i32);
}
