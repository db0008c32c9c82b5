use super::*;
use crate::abi::Task;
use crate::lanes::{F32x4, Lanes, Pair};
use crate::testing::{Random, assert_close, run_chunks};

/// Error of y at most, as a share of its size.
const BOUND: f64 = 1.0 / (1 << 22) as f64;
/// Error of dx at most, as a share of its size.
const BACKWARD_BOUND: f32 = 3.0 / (1 << 24) as f32;

#[test]
fn simd_equals_reference() {
    let mut random = Random(1);
    for case in 0..200 {
        let (pixels, channels) = (random.int(0, 9), random.int(1, 37));
        let [x_stride, y_stride] = [2, 1].map(|gap| channels + gap * random.int(0, 1));
        let mut x = random.buffer((pixels * x_stride) as usize);
        x.values_mut().iter_mut().for_each(|value| *value *= 9.0);
        let dy = random.buffer((pixels * x_stride) as usize);
        let run = |forward: unsafe fn(&SigmoidForward, &Task), backward: unsafe fn(&SigmoidBackward, &Task)| {
            let mut y = Random(2).buffer((pixels * y_stride) as usize);
            let mut dx = Random(3).buffer((pixels * x_stride) as usize);
            let args = SigmoidForward { x: x.ptr(), x_stride, y: y.mut_ptr(), y_stride, pixels, channels };
            run_chunks(forward, &args, 1 + case % 3, 0);
            let args = SigmoidBackward {
                dy: dy.ptr(),
                dy_stride: x_stride,
                y: y.ptr(),
                y_stride,
                dx: dx.mut_ptr(),
                dx_stride: x_stride,
                pixels,
                channels,
            };
            run_chunks(backward, &args, 1 + case % 3, 0);
            y.assert_guards("y");
            dx.assert_guards("dx");
            (y, dx)
        };
        let (y, dx) = run(simd::forward::<F32x4>, simd::backward::<F32x4>);
        let (y_reference, dx_reference) = run(reference::forward, reference::backward);
        assert_close(y.values(), y_reference.values(), BOUND as f32, "sigmoid.forward");
        assert_close(dx.values(), dx_reference.values(), 2.0 * BOUND as f32, "sigmoid.backward");
        let (y_of_pairs, dx_of_pairs) = run(simd::forward::<Pair<F32x4>>, simd::backward::<Pair<F32x4>>);
        assert_eq!((y_of_pairs.bits(), dx_of_pairs.bits()), (y.bits(), dx.bits()), "pairs");
    }
}

fn in_place<L: Lanes>(y: &mut [f32]) {
    let count = y.len() as u32;
    let args = SigmoidForward { x: y.as_ptr(), x_stride: count, y: y.as_mut_ptr(), y_stride: count, pixels: 1, channels: count };
    run_chunks(simd::forward::<L>, &args, 1, 0);
}

#[test]
fn errs_within_its_bound_and_never_overflows() {
    let x: Vec<f32> = (-120_000..=120_000).map(|i| i as f32 / 1000.0).collect();
    let mut y = x.clone();
    in_place::<Vector>(&mut y);
    for (&x, &y) in x.iter().zip(&y) {
        let truth = 1.0 / (1.0 + libm::exp(-x as f64));
        let error = (y as f64 - truth).abs();
        assert!(error <= BOUND * truth + libm::exp2(-128.0), "sigmoid({x}) is {y}, off by {error:e}");
    }
    let mut ends = [-f32::INFINITY, -1e4, -0.0, 1e4, f32::INFINITY, f32::NAN];
    in_place::<Vector>(&mut ends);
    assert_eq!(ends[..5], [0.0, 0.0, 0.5, 1.0, 1.0]);
    assert!(ends[5].is_nan());
}

#[test]
fn gradient_errs_within_its_bound_and_may_overwrite_what_it_reads() {
    let y: Vec<f32> = (0..=1000).map(|i| i as f32 / 1000.0).collect();
    let dy: Vec<f32> = y.iter().map(|y| 3.0 - 7.0 * y).collect();
    let count = y.len() as u32;
    let gradient = |dy: *const f32, y: *const f32, dx: *mut f32| {
        let [dy_stride, y_stride, dx_stride] = [count; 3];
        let args = SigmoidBackward { dy, dy_stride, y, y_stride, dx, dx_stride, pixels: 1, channels: count };
        run_chunks(simd::backward::<Vector>, &args, 1, 0);
    };
    let [mut over_dy, mut over_y] = [dy.clone(), y.clone()];
    gradient(over_dy.as_ptr(), y.as_ptr(), over_dy.as_mut_ptr());
    gradient(dy.as_ptr(), over_y.as_ptr(), over_y.as_mut_ptr());
    assert_eq!(over_dy, over_y);
    for ((&dx, &y), &dy) in over_dy.iter().zip(&y).zip(&dy) {
        let truth = y as f64 * (1.0 - y as f64) * dy as f64;
        let error = (dx as f64 - truth).abs();
        assert!(error <= BACKWARD_BOUND as f64 * truth.abs(), "slope at {y}: {dx}, off by {error:e}");
    }
}
