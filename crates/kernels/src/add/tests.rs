use super::*;
use crate::testing::{Random, assert_close, run_chunks};

#[test]
fn simd_equals_reference() {
    let mut random = Random(1);
    for case in 0..200 {
        let (pixels, channels) = (random.int(0, 9), random.int(1, 37));
        let [a_stride, b_stride, y_stride] = [0, 1, 2].map(|gap| channels + gap * random.int(0, 1));
        let mut a = random.buffer((pixels * a_stride) as usize);
        let b = random.buffer((pixels * b_stride) as usize);
        if pixels > 0 {
            a.values_mut()[0] = f32::NAN;
        }
        for relu in [0, 1] {
            let run = |forward: unsafe fn(&AddForward, &crate::abi::Task)| {
                let mut y = Random(2).buffer((pixels * y_stride) as usize);
                let args =
                    AddForward { a: a.ptr(), a_stride, b: b.ptr(), b_stride, y: y.mut_ptr(), y_stride, pixels, channels, relu };
                run_chunks(forward, &args, 1 + case % 3, 0);
                y.assert_guards("y");
                y
            };
            let (y, expected) = (run(simd::forward::<Vector>), run(reference::forward));
            assert_close(y.values(), expected.values(), 0.0, "add.forward");
        }
    }
}
