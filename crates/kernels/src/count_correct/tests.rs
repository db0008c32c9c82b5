use super::*;
use crate::testing::{Random, run_chunks};

fn by(kernel: unsafe fn(&CountCorrect, &Task), args: &CountCorrect) -> i32 {
    let mut correct = -1;
    run_chunks(kernel, &CountCorrect { correct: &mut correct, ..*args }, 1, 0);
    correct
}

fn count<const N: usize>(logits: [[f32; 3]; N], labels: [i32; N]) -> i32 {
    let args = CountCorrect {
        logits: logits.as_ptr().cast(),
        logits_stride: 3,
        labels: labels.as_ptr(),
        rows: N as u32,
        classes: 3,
        correct: core::ptr::null_mut(),
    };
    let correct = by(forward, &args);
    assert_eq!(by(reference::forward, &args), correct, "reference");
    correct
}

#[test]
fn scalar_equals_reference() {
    let mut random = Random(1);
    for _ in 0..200 {
        let (rows, classes) = (random.int(1, 9), random.int(1, 7));
        let logits_stride = classes + random.int(0, 2);
        let mut logits = random.buffer((rows * logits_stride) as usize);
        // Few different values make ties, and some are NaN.
        for value in logits.values_mut() {
            *value = if *value > 0.9 { f32::NAN } else { (*value * 3.0).round() };
        }
        let labels: Vec<i32> = (0..rows).map(|_| random.int(0, classes) as i32 - random.int(0, 1) as i32).collect();
        let correct = core::ptr::null_mut();
        let args = CountCorrect { logits: logits.ptr(), logits_stride, labels: labels.as_ptr(), rows, classes, correct };
        assert_eq!(by(forward, &args), by(reference::forward, &args), "{logits_stride} {labels:?}");
    }
}

#[test]
fn the_first_maximum_decides() {
    assert_eq!(count([[1., 2., 0.], [3., 2., 0.], [0., 0., 1.]], [1, 0, 2]), 3);
    assert_eq!(count([[1., 2., 0.], [3., 2., 0.]], [0, 2]), 0);
    assert_eq!(count([[2., 2., 0.], [2., 2., 0.]], [0, 1]), 1);
}

#[test]
fn nan_and_wrong_labels_do_not_count() {
    assert_eq!(count([[f32::NAN, 2., 0.], [f32::NAN, 2., 0.], [1., 0., 0.], [1., 0., 0.]], [1, 0, 3, -1]), 0);
}
