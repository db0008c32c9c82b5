use super::*;
use crate::testing::{Random, assert_close, run_chunks};

#[test]
fn simd_equals_reference() {
    let mut random = Random(1);
    for case in 0..200 {
        let (pixels, channels) = (random.int(0, 40), random.int(1, 45));
        let x_stride = channels + random.int(0, 3);
        let (partitions, block_channels) = (random.int(1, 5), 4 * random.int(1, 6));
        let x = random.buffer((pixels * x_stride) as usize);
        let run = |kernel: unsafe fn(&SumPixels, &Task)| {
            let mut y = crate::testing::Buffer::new((partitions * channels) as usize);
            let args = SumPixels { x: x.ptr(), x_stride, y: y.mut_ptr(), pixels, channels, partitions, block_channels };
            run_chunks(kernel, &args, 1 + case % 5, 0);
            y.assert_guards("y");
            y
        };
        let (y, reference) = (run(simd::sum::<Vector>), run(reference::sum));
        assert_close(y.values(), reference.values(), 1e-5, "sum_pixels");
    }
}
