use super::*;
use crate::abi::Task;
use crate::lanes::{F32x4, Lanes, Pair};
use crate::testing::{Buffer, Random, assert_close, run_chunks};

struct Variant {
    forward: unsafe fn(&LayerNormForward, &Task),
    backward: unsafe fn(&LayerNormBackward, &Task),
    parameters: unsafe fn(&LayerNormParameters, &Task),
}

const fn simd<L: Lanes>() -> Variant {
    Variant { forward: simd::forward::<L>, backward: simd::backward::<L>, parameters: simd::parameters::<L> }
}

const REFERENCE: Variant =
    Variant { forward: reference::forward, backward: reference::backward, parameters: reference::parameters };

#[test]
fn simd_equals_reference() {
    let mut random = Random(1);
    for case in 0..200 {
        let (pixels, channels) = (random.int(0, 9), random.int(2, if case % 9 == 0 { 2500 } else { 90 }));
        let [x_stride, dy_stride, y_stride] = [0; 3].map(|_| channels + 3 * random.int(0, 1));
        let mut x = random.buffer((pixels * x_stride) as usize);
        if case % 4 == 0 {
            x.values_mut().iter_mut().for_each(|value| *value += 8.0);
        }
        let dy = random.buffer((pixels * dy_stride) as usize);
        let [gamma, beta] = [0; 2].map(|_| random.buffer(channels as usize));
        let chunks = 1 + case % 3;
        let run = |variant: &Variant| {
            let [mut y, mut dx] = [2, 3].map(|seed| Random(seed).buffer((pixels * y_stride) as usize));
            let [mut mean, mut rstd] = [0; 2].map(|_| Buffer::new(pixels as usize));
            let mut partials = Buffer::new((2 * chunks * channels) as usize);
            let args = LayerNormForward {
                x: x.ptr(),
                x_stride,
                gamma: gamma.ptr(),
                beta: beta.ptr(),
                y: y.mut_ptr(),
                y_stride,
                mean: mean.mut_ptr(),
                rstd: rstd.mut_ptr(),
                pixels,
                channels,
                eps: 1e-3,
            };
            run_chunks(variant.forward, &args, chunks, 0);
            let (dy, x) = (dy.ptr(), x.ptr());
            let args = LayerNormBackward {
                dy,
                dy_stride,
                x,
                x_stride,
                mean: mean.ptr(),
                rstd: rstd.ptr(),
                gamma: gamma.ptr(),
                dx: dx.mut_ptr(),
                dx_stride: y_stride,
                pixels,
                channels,
            };
            run_chunks(variant.backward, &args, chunks, 0);
            let args = LayerNormParameters {
                dy,
                dy_stride,
                x,
                x_stride,
                mean: mean.ptr(),
                rstd: rstd.ptr(),
                partials: partials.mut_ptr(),
                pixels,
                channels,
            };
            run_chunks(variant.parameters, &args, chunks, 0);
            let all = [y, dx, mean, rstd, partials];
            all.iter().for_each(|buffer| buffer.assert_guards("layer_norm"));
            all
        };
        let (lanes, pairs, reference) = (run(&simd::<F32x4>()), run(&simd::<Pair<F32x4>>()), run(&REFERENCE));
        for (name, i) in ["y", "dx", "mean", "rstd", "partials"].into_iter().zip(0..) {
            assert_close(lanes[i].values(), reference[i].values(), 1e-5, name);
            assert_eq!(pairs[i].bits(), lanes[i].bits(), "{name} in pairs");
        }
    }
}
