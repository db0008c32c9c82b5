use super::*;
use crate::testing::{Random, assert_close, run_chunks};

#[test]
fn simd_equals_reference() {
    let mut random = Random(1);
    for case in 0..300 {
        let (images, height, width, channels) = (random.int(1, 3), random.int(1, 9), random.int(1, 9), random.int(1, 21));
        let (out_height, out_width) = (random.int(1, 11), random.int(1, 4));
        let [from_stride, to_stride] = [2, 1].map(|gap| channels + gap * random.int(0, 1));
        let (in_pixels, out_pixels) = (images * height * width, images * out_height * out_width);
        for is_forward in [true, false] {
            let (from_pixels, to_pixels) = if is_forward { (in_pixels, out_pixels) } else { (out_pixels, in_pixels) };
            let from = random.buffer((from_pixels * from_stride) as usize);
            let run = |pass: unsafe fn(&AdaptiveAvgPool2d, &Task)| {
                let mut to = Random(2).buffer((to_pixels * to_stride) as usize);
                let args = AdaptiveAvgPool2d {
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
                };
                run_chunks(pass, &args, 1 + case % 3, 0);
                to.assert_guards("to");
                to
            };
            let (simd, expected) = match is_forward {
                true => (run(forward::<Vector>), run(reference::forward)),
                false => (run(backward::<Vector>), run(reference::backward)),
            };
            assert_close(simd.values(), expected.values(), 1e-6, "adaptiveAvgPool2d");
        }
    }
}
