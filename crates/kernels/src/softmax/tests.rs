use super::*;
use crate::abi::Task;
use crate::testing::{Random, assert_close, run_chunks};

#[test]
fn scalar_equals_reference() {
    let mut random = Random(1);
    for case in 0..100 {
        let (rows, classes) = (random.int(1, 7), random.int(1, 40));
        let [x_stride, y_stride] = [2, 1].map(|gap| classes + gap * random.int(0, 1));
        let mut x = random.buffer((rows * x_stride) as usize);
        x.values_mut().iter_mut().for_each(|value| *value *= 80.0);
        let dy = random.buffer((rows * x_stride) as usize);
        let run = |forward: unsafe fn(&SoftmaxForward, &Task), backward: unsafe fn(&SoftmaxBackward, &Task)| {
            let mut y = Random(2).buffer((rows * y_stride) as usize);
            let mut dx = Random(3).buffer((rows * x_stride) as usize);
            let args = SoftmaxForward { x: x.ptr(), x_stride, y: y.mut_ptr(), y_stride, rows, classes };
            run_chunks(forward, &args, 1 + case % 3, 0);
            let args = SoftmaxBackward {
                dy: dy.ptr(),
                dy_stride: x_stride,
                y: y.ptr(),
                y_stride,
                dx: dx.mut_ptr(),
                dx_stride: x_stride,
                rows,
                classes,
            };
            run_chunks(backward, &args, 1 + case % 3, 0);
            y.assert_guards("y");
            dx.assert_guards("dx");
            (y, dx)
        };
        let (y, dx) = run(scalar::forward, scalar::backward);
        let (y_reference, dx_reference) = run(reference::forward, reference::backward);
        assert_close(y.values(), y_reference.values(), 1e-6, "softmax.forward");
        assert_close(dx.values(), dx_reference.values(), 1e-6, "softmax.backward");
    }
}
