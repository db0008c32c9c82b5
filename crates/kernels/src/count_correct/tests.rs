use super::*;
use crate::testing::run_chunks;

fn count<const N: usize>(logits: [[f32; 3]; N], labels: [i32; N]) -> i32 {
    let mut correct = -1;
    let args = CountCorrect {
        logits: logits.as_ptr().cast(),
        logits_stride: 3,
        labels: labels.as_ptr(),
        rows: N as u32,
        classes: 3,
        correct: &mut correct,
    };
    run_chunks(forward, &args, 1, 0);
    correct
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
