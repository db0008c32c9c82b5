use super::*;
use crate::abi::Task;
use crate::testing::{Random, assert_close, run_chunks};

#[test]
fn simd_equals_reference() {
    let mut random = Random(1);
    for case in 0..200 {
        let (pixels, channels) = (random.int(0, 9), random.int(1, 37));
        let [x_stride, y_stride] = [2, 1].map(|gap| channels + gap * random.int(0, 1));
        let x = random.buffer((pixels * x_stride) as usize);
        let run = |forward: unsafe fn(&CopyForward, &Task), fill: unsafe fn(&CopyFill, &Task)| {
            let mut y = Random(2).buffer((pixels * y_stride) as usize);
            let mut filled = Random(3).buffer((pixels * y_stride) as usize);
            let args = CopyForward { x: x.ptr(), x_stride, y: y.mut_ptr(), y_stride, pixels, channels };
            run_chunks(forward, &args, 1 + case % 3, 0);
            let args = CopyFill { y: filled.mut_ptr(), y_stride, pixels, channels, value: 0.25 };
            run_chunks(fill, &args, 1 + case % 3, 0);
            y.assert_guards("y");
            filled.assert_guards("filled");
            (y, filled)
        };
        let (y, filled) = run(simd::forward::<Vector>, simd::fill::<Vector>);
        let (y_reference, filled_reference) = run(reference::forward, reference::fill);
        assert_close(y.values(), y_reference.values(), 0.0, "copy.forward");
        assert_close(filled.values(), filled_reference.values(), 0.0, "copy.fill");
    }
}

#[test]
fn integers_keep_their_bits() {
    let x: [i32; 6] = [-1, i32::MIN, 0x7f80_0001, 1, 0, 42];
    let mut y = [0i32; 6];
    let args = CopyForward { x: x.as_ptr().cast(), x_stride: 6, y: y.as_mut_ptr().cast(), y_stride: 6, pixels: 1, channels: 6 };
    run_chunks(simd::forward::<Vector>, &args, 2, 0);
    assert_eq!(x, y);
}
