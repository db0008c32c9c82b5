use super::*;
use crate::abi::Task;
use crate::testing::{Buffer, Random, assert_close, run_chunks};

type Forward = unsafe fn(&MaxPool2dForward, &Task);
type Backward = unsafe fn(&MaxPool2dBackward, &Task);

/// Sizes of one axis: pixels, windows, kernel, stride, dilation, padding before.
fn axis(random: &mut Random) -> [u32; 6] {
    let (kernel, stride, dilation) = (random.int(1, 4), random.int(1, 3), random.int(1, 2));
    let (before, after) = (random.int(0, kernel - 1), random.int(0, kernel - 1));
    let size = (dilation * (kernel - 1) + 1).saturating_sub(before + after).max(1) + random.int(0, 6);
    let beyond = random.int(0, stride - 1);
    let windows = (size + before + after + beyond - dilation * (kernel - 1) - 1) / stride + 1;
    let windows = if (windows - 1) * stride >= size + before { windows - 1 } else { windows };
    [size, windows, kernel, stride, dilation, before]
}

#[test]
fn simd_equals_reference() {
    let mut random = Random(1);
    for case in 0..300 {
        let (images, channels) = (random.int(1, 3), random.int(1, 21));
        let [height, out_height, kernel_height, stride_height, dilation_height, pad_top] = axis(&mut random);
        let [width, out_width, kernel_width, stride_width, dilation_width, pad_left] = axis(&mut random);
        let [x_stride, y_stride, index_stride] = [2, 1, 3].map(|gap| channels + gap * random.int(0, 1));
        let (in_pixels, out_pixels) = (images * height * width, images * out_height * out_width);
        let mut x = random.buffer((in_pixels * x_stride) as usize);
        // Few different values make ties, and some are NaN or -inf.
        for value in x.values_mut() {
            *value = match (*value * 4.0).round() as i32 {
                4 => f32::NAN,
                -4 => f32::NEG_INFINITY,
                other => other as f32,
            };
        }
        let dy = random.buffer((out_pixels * y_stride) as usize);
        let geometry = MaxPool2dGeometry {
            images,
            height,
            width,
            channels,
            out_height,
            out_width,
            kernel_height,
            kernel_width,
            stride_height,
            stride_width,
            dilation_height,
            dilation_width,
            pad_top,
            pad_left,
        };
        let run = |forward: Forward, backward: Backward| {
            let mut y = Random(2).buffer((out_pixels * y_stride) as usize);
            let mut index = Buffer::new((out_pixels * index_stride) as usize);
            let mut dx = Random(3).buffer((in_pixels * x_stride) as usize);
            let args = MaxPool2dForward {
                x: x.ptr(),
                x_stride,
                y: y.mut_ptr(),
                y_stride,
                index: index.mut_ptr().cast(),
                index_stride,
                geometry,
            };
            run_chunks(forward, &args, 1 + case % 3, 0);
            let args = MaxPool2dBackward {
                dy: dy.ptr(),
                dy_stride: y_stride,
                index: index.ptr().cast(),
                index_stride,
                dx: dx.mut_ptr(),
                dx_stride: x_stride,
                geometry,
            };
            run_chunks(backward, &args, 1 + case % 3, 0);
            y.assert_guards("y");
            index.assert_guards("index");
            dx.assert_guards("dx");
            let places: Vec<u32> = index.values().iter().map(|value| value.to_bits()).collect();
            (y, places, dx)
        };
        let (y, places, dx) = run(simd::forward::<Vector>, simd::backward::<Vector>);
        let (y_reference, places_reference, dx_reference) = run(reference::forward, reference::backward);
        assert_close(y.values(), y_reference.values(), 0.0, "maxPool2d.forward");
        assert_eq!(places, places_reference, "index");
        assert_close(dx.values(), dx_reference.values(), 0.0, "maxPool2d.backward");
    }
}
