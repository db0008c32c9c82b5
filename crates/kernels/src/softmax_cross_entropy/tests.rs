use super::*;
use crate::abi::Task;
use crate::testing::{Buffer, Random, assert_close, run_chunks};

type Rows = unsafe fn(&SoftmaxCrossEntropyRows, &Task);

fn run(kernel: Rows, logits: &Buffer, labels: &[i32], [logits_stride, classes]: [u32; 2], smoothing: f32) -> (f32, Buffer) {
    let rows = labels.len() as u32;
    let mut dlogits = Random(2).buffer((rows * (classes + 1)) as usize);
    let mut losses = vec![f64::NAN; labels.len()];
    let mut loss = Buffer::new(1);
    let args = SoftmaxCrossEntropyRows {
        logits: logits.ptr(),
        logits_stride,
        labels: labels.as_ptr(),
        rows,
        classes,
        smoothing,
        losses: losses.as_mut_ptr(),
        dlogits: dlogits.mut_ptr(),
        dlogits_stride: classes + 1,
    };
    run_chunks(kernel, &args, 3, 0);
    let args = SoftmaxCrossEntropyMean { losses: losses.as_ptr(), rows, loss: loss.mut_ptr() };
    run_chunks(scalar::mean, &args, 1, 0);
    dlogits.assert_guards("dlogits");
    (loss.values()[0], dlogits)
}

#[test]
fn scalar_equals_reference() {
    let mut random = Random(1);
    for _ in 0..100 {
        let (rows, classes) = (random.int(1, 9), random.int(1, 30));
        let stride = classes + random.int(0, 2);
        let mut logits = random.buffer((rows * stride) as usize);
        logits.values_mut().iter_mut().for_each(|value| *value *= 50.0);
        let labels: Vec<i32> = (0..rows).map(|_| random.int(0, classes - 1) as i32).collect();
        for smoothing in [0.0, 0.1] {
            let (loss, dlogits) = run(scalar::rows, &logits, &labels, [stride, classes], smoothing);
            let (expected, expected_dlogits) = run(reference::rows, &logits, &labels, [stride, classes], smoothing);
            assert_close(&[loss], &[expected], 1e-6, "loss");
            assert_close(dlogits.values(), expected_dlogits.values(), 1e-6, "dlogits");
        }
    }
}

#[test]
fn a_label_out_of_range_is_not_a_number() {
    let logits = Random(1).buffer(6);
    for label in [-1, 3] {
        let (loss, _) = run(scalar::rows, &logits, &[0, label], [3, 3], 0.0);
        assert!(loss.is_nan());
    }
}
