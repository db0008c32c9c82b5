use super::*;
use crate::abi::Task;
use crate::testing::{Random, assert_close, run_chunks};

#[test]
fn simd_equals_reference() {
    let mut random = Random(1);
    for case in 0..100 {
        let (pixels, channels) = (random.int(1, 9), random.int(1, 40));
        let grad_stride = channels + random.int(0, 1);
        let grad = random.buffer((pixels * grad_stride) as usize);
        let (lr, step) = (1e-2, random.int(1, 50) as f32);
        let run = |kernel: unsafe fn(&AdamwUpdate, &Task)| {
            let [mut param, mut m, mut v] = [2, 3, 4].map(|seed| Random(seed).buffer((pixels * channels) as usize));
            v.values_mut().iter_mut().for_each(|x| *x = x.abs());
            let args = AdamwUpdate {
                param: param.mut_ptr(),
                grad: grad.ptr(),
                grad_stride,
                m: m.mut_ptr(),
                v: v.mut_ptr(),
                step: &step,
                lr: &lr,
                pixels,
                channels,
                beta1: 0.9,
                beta1_rest: (0.9f64 - 0.9f32 as f64) as f32,
                beta2: 0.999,
                beta2_rest: (0.999f64 - 0.999f32 as f64) as f32,
                eps: 1e-8,
                weight_decay: 1e-2,
            };
            run_chunks(kernel, &args, 1 + case % 3, 0);
            for buffer in [&param, &m, &v] {
                buffer.assert_guards("adamwUpdate");
            }
            [param, m, v]
        };
        for (actual, expected) in run(simd::forward::<Vector>).iter().zip(run(reference::forward)) {
            assert_close(actual.values(), expected.values(), 1e-6, "adamwUpdate");
        }
    }
}

/// One step from zero moments moves each weight by lr against the sign of its gradient.
#[test]
fn the_first_step_is_lr() {
    let (mut param, grad, mut m, mut v, step, lr) = (1.0, 3.0, 0.0, 0.0, 1.0, 0.1);
    let args = AdamwUpdate {
        param: &mut param,
        grad: &grad,
        grad_stride: 1,
        m: &mut m,
        v: &mut v,
        step: &step,
        lr: &lr,
        pixels: 1,
        channels: 1,
        beta1: 0.9,
        beta1_rest: (0.9f64 - 0.9f32 as f64) as f32,
        beta2: 0.999,
        beta2_rest: (0.999f64 - 0.999f32 as f64) as f32,
        eps: 1e-8,
        weight_decay: 0.5,
    };
    run_chunks(simd::forward::<Vector>, &args, 1, 0);
    assert_close(&[param, m, v], &[0.95 - 0.1, 0.3, 0.009], 1e-6, "first step");
}
