use super::*;
use crate::testing::{Random, assert_close, run_chunks};

#[test]
fn scalar_equals_reference() {
    let mut random = Random(1);
    for case in 0..200 {
        let [outer, classes] = [random.int(0, 4), random.int(1, 30)];
        let inner = if case % 3 == 0 { 1 } else { random.int(1, 40) };
        let (count, log) = ((outer * classes * inner) as usize, case % 2);
        let mut x = random.buffer(count);
        x.values_mut().iter_mut().for_each(|value| *value *= 30.0);
        let dy = random.buffer(count);
        let run = |forward: unsafe fn(&SoftmaxAxisForward, &Task), backward: unsafe fn(&SoftmaxAxisBackward, &Task)| {
            let [mut y, mut dx] = [0; 2].map(|_| crate::testing::Buffer::new(count));
            let args = SoftmaxAxisForward { x: x.ptr(), y: y.mut_ptr(), outer, classes, inner, log };
            run_chunks(forward, &args, 1 + case % 3, 0);
            let args = SoftmaxAxisBackward { dy: dy.ptr(), y: y.ptr(), dx: dx.mut_ptr(), outer, classes, inner, log };
            run_chunks(backward, &args, 1 + case % 3, 0);
            y.assert_guards("y");
            dx.assert_guards("dx");
            (y, dx)
        };
        let (y, dx) = run(scalar::forward, scalar::backward);
        let (y_reference, dx_reference) = run(reference::forward, reference::backward);
        assert_close(y.values(), y_reference.values(), 1e-6, "softmaxAxis.forward");
        // A sum of gradients rounds as it is used, times an exponential of at most 1.
        assert_close(dx.values(), dx_reference.values(), 1e-5, "softmaxAxis.backward");
    }
}
