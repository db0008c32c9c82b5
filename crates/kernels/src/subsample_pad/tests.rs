use super::*;
use crate::abi::Task;
use crate::testing::{Random, assert_close, run_chunks};

#[test]
fn simd_equals_reference() {
    let mut random = Random(1);
    for case in 0..200 {
        let (images, height, width) = (random.int(1, 3), random.int(1, 6), random.int(1, 6));
        let (channels, stride) = (random.int(1, 13), random.int(1, 3));
        let (before, after) = (random.int(0, 5), random.int(0, 5));
        let (x_stride, y_stride) = (channels + random.int(0, 2), before + channels + after + random.int(0, 2));
        let in_pixels = images * height * width;
        let out_pixels = images * height.div_ceil(stride) * width.div_ceil(stride);
        let x = random.buffer((in_pixels * x_stride) as usize);
        let dy = random.buffer((out_pixels * y_stride) as usize);
        let run = |forward: unsafe fn(&SubsamplePadForward, &Task), backward: unsafe fn(&SubsamplePadBackward, &Task)| {
            let mut y = Random(2).buffer((out_pixels * y_stride) as usize);
            let mut dx = Random(3).buffer((in_pixels * x_stride) as usize);
            let (xp, yp) = (x.ptr(), y.mut_ptr());
            let args =
                SubsamplePadForward { x: xp, x_stride, y: yp, y_stride, images, height, width, channels, stride, before, after };
            run_chunks(forward, &args, 1 + case % 3, 0);
            let args = SubsamplePadBackward {
                dy: dy.ptr(),
                dy_stride: y_stride,
                dx: dx.mut_ptr(),
                dx_stride: x_stride,
                images,
                height,
                width,
                channels,
                stride,
                before,
            };
            run_chunks(backward, &args, 1 + case % 3, 0);
            y.assert_guards("y");
            dx.assert_guards("dx");
            (y, dx)
        };
        let (y, dx) = run(simd::forward::<Vector>, simd::backward::<Vector>);
        let (y_reference, dx_reference) = run(reference::forward, reference::backward);
        assert_close(y.values(), y_reference.values(), 0.0, "subsamplePad.forward");
        assert_close(dx.values(), dx_reference.values(), 0.0, "subsamplePad.backward");
    }
}

#[test]
fn takes_every_second_pixel_between_zeros() {
    let x: [f32; 9] = [1., 2., 3., 4., 5., 6., 7., 8., 9.];
    let mut y = [f32::NAN; 12];
    let args = SubsamplePadForward {
        x: x.as_ptr(),
        x_stride: 1,
        y: y.as_mut_ptr(),
        y_stride: 3,
        images: 1,
        height: 3,
        width: 3,
        channels: 1,
        stride: 2,
        before: 1,
        after: 1,
    };
    run_chunks(simd::forward::<Vector>, &args, 1, 0);
    assert_eq!(y, [0., 1., 0., 0., 3., 0., 0., 7., 0., 0., 9., 0.]);
}
