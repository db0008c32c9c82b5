use super::*;
use crate::abi::Task;
use crate::lanes::{F32x4, Pair};
use crate::testing::{Random, assert_close, run_chunks};

#[test]
fn simd_equals_reference() {
    let mut random = Random(1);
    for case in 0..300 {
        let (pixels, channels, size) = (random.int(0, 5), random.int(1, 37), random.int(1, 9));
        let [x_stride, y_stride] = [2, 1].map(|gap| channels + gap * random.int(0, 1));
        let (alpha, k) = (random.float().abs(), 0.5 + random.float().abs());
        let beta = if case % 2 == 0 { 0.75 } else { 1.0 + random.float() };
        let x = random.buffer((pixels * x_stride) as usize);
        let dy = random.buffer((pixels * y_stride) as usize);
        let run = |forward: unsafe fn(&LocalResponseNormForward, &Task),
                   backward: unsafe fn(&LocalResponseNormBackward, &Task)| {
            let mut y = Random(2).buffer((pixels * y_stride) as usize);
            let mut dx = Random(3).buffer((pixels * x_stride) as usize);
            let x_ptr = x.ptr();
            let args =
                LocalResponseNormForward { x: x_ptr, x_stride, y: y.mut_ptr(), y_stride, pixels, channels, size, alpha, beta, k };
            run_chunks(forward, &args, 1 + case % 3, scratch_floats(channels, size));
            let args = LocalResponseNormBackward {
                dy: dy.ptr(),
                dy_stride: y_stride,
                x: x_ptr,
                x_stride,
                dx: dx.mut_ptr(),
                dx_stride: x_stride,
                pixels,
                channels,
                size,
                alpha,
                beta,
                k,
            };
            run_chunks(backward, &args, 1 + case % 3, scratch_floats(channels, size));
            y.assert_guards("y");
            dx.assert_guards("dx");
            (y, dx)
        };
        let (y, dx) = run(simd::forward::<F32x4>, simd::backward::<F32x4>);
        let (y_reference, dx_reference) = run(reference::forward, reference::backward);
        assert_close(y.values(), y_reference.values(), 1e-6, "localResponseNorm.forward");
        assert_close(dx.values(), dx_reference.values(), 2e-6, "localResponseNorm.backward");
        let (y_of_pairs, dx_of_pairs) = run(simd::forward::<Pair<F32x4>>, simd::backward::<Pair<F32x4>>);
        assert_eq!((y_of_pairs.bits(), dx_of_pairs.bits()), (y.bits(), dx.bits()), "pairs");
    }
}
