use super::*;
use crate::testing::{Random, assert_close, run_chunks};

/// Sizes of one axis: pixels, windows, kernel, stride, padding before and after.
fn axis(random: &mut Random) -> [u32; 6] {
    let (kernel, stride) = (random.int(1, 4), random.int(1, 3));
    let (before, after) = (random.int(0, kernel - 1), random.int(0, kernel - 1));
    let size = kernel.saturating_sub(before + after).max(1) + random.int(0, 6);
    let beyond = random.int(0, stride - 1);
    let windows = (size + before + after + beyond - kernel) / stride + 1;
    let windows = if (windows - 1) * stride >= size + before { windows - 1 } else { windows };
    [size, windows, kernel, stride, before, after]
}

#[test]
fn simd_equals_reference() {
    let mut random = Random(1);
    for case in 0..300 {
        let (images, channels) = (random.int(1, 3), random.int(1, 21));
        let [height, out_height, kernel_height, stride_height, pad_top, pad_bottom] = axis(&mut random);
        let [width, out_width, kernel_width, stride_width, pad_left, pad_right] = axis(&mut random);
        let [from_stride, to_stride] = [2, 1].map(|gap| channels + gap * random.int(0, 1));
        let count_padding = random.int(0, 1);
        let (in_pixels, out_pixels) = (images * height * width, images * out_height * out_width);
        for is_forward in [true, false] {
            let (from_pixels, to_pixels) = if is_forward { (in_pixels, out_pixels) } else { (out_pixels, in_pixels) };
            let from = random.buffer((from_pixels * from_stride) as usize);
            let run = |pass: unsafe fn(&AvgPool2d, &Task)| {
                let mut to = Random(2).buffer((to_pixels * to_stride) as usize);
                let args = AvgPool2d {
                    from: from.ptr(),
                    from_stride,
                    to: to.mut_ptr(),
                    to_stride,
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
                    pad_top,
                    pad_right,
                    pad_bottom,
                    pad_left,
                    count_padding,
                };
                run_chunks(pass, &args, 1 + case % 3, 0);
                to.assert_guards("to");
                to
            };
            let (simd, expected) = match is_forward {
                true => (run(forward::<Vector>), run(reference::forward)),
                false => (run(backward::<Vector>), run(reference::backward)),
            };
            assert_close(simd.values(), expected.values(), 1e-6, "avgPool2d");
        }
    }
}
