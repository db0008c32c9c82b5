use super::*;
use crate::testing::{Random, assert_close, run_chunks};

#[test]
fn simd_equals_reference() {
    let mut random = Random(1);
    for case in 0..200 {
        let (pixels, channels) = (random.int(0, 9), random.int(1, 19));
        let (x_stride, y_stride) = if random.int(0, 1) == 0 { (channels, channels) } else { (channels + 3, channels + 1) };
        let x = random.buffer((pixels * x_stride) as usize);
        let dy = random.buffer((pixels * x_stride) as usize);
        let run = |forward: unsafe fn(&ReluForward, &crate::abi::Task), backward: unsafe fn(&ReluBackward, &crate::abi::Task)| {
            let mut y = Random(2).buffer((pixels * y_stride) as usize);
            let mut dx = Random(3).buffer((pixels * y_stride) as usize);
            let args = ReluForward { x: x.ptr(), x_stride, y: y.mut_ptr(), y_stride, pixels, channels };
            run_chunks(forward, &args, 1 + case % 3, 0);
            let args = ReluBackward {
                dy: dy.ptr(),
                dy_stride: x_stride,
                y: y.ptr(),
                y_stride,
                dx: dx.mut_ptr(),
                dx_stride: y_stride,
                pixels,
                channels,
            };
            run_chunks(backward, &args, 1 + case % 3, 0);
            y.assert_guards("y");
            dx.assert_guards("dx");
            (y, dx)
        };
        let (y, dx) = run(simd::forward::<Vector>, simd::backward::<Vector>);
        let (y_reference, dx_reference) = run(reference::forward, reference::backward);
        assert_close(y.values(), y_reference.values(), 0.0, "relu.forward");
        assert_close(dx.values(), dx_reference.values(), 0.0, "relu.backward");
    }
}

#[test]
fn nan_stays_nan() {
    let x = [f32::NAN, -0.0, -1.0, 2.0, f32::NAN];
    let mut y = [0.0; 5];
    let args = ReluForward { x: x.as_ptr(), x_stride: 5, y: y.as_mut_ptr(), y_stride: 5, pixels: 1, channels: 5 };
    run_chunks(simd::forward::<Vector>, &args, 1, 0);
    assert!(y[0].is_nan() && y[4].is_nan());
    assert_eq!(y[1..4], [0.0, 0.0, 2.0]);
}
