use super::*;
use crate::abi::Task;
use crate::testing::{Buffer, Random, assert_close, run_chunks};

struct Kernels {
    forward: unsafe fn(&MultiplyForward, &Task),
    scale: unsafe fn(&MultiplyScale, &Task),
    partials: unsafe fn(&MultiplyPartials, &Task),
}

#[test]
fn simd_equals_reference() {
    let mut random = Random(1);
    for case in 0..200 {
        let (pixels, channels) = (random.int(0, 9), random.int(1, 150));
        let [a_stride, b_stride, y_stride] = [3, 1, 2].map(|gap| channels + gap * random.int(0, 1));
        let (a, b) = (random.buffer((pixels * a_stride) as usize), random.buffer((pixels * b_stride) as usize));
        let s = random.float();
        let run = |kernels: &Kernels| {
            let mut y = Random(2).buffer((pixels * y_stride) as usize);
            let mut scaled = y.clone();
            let mut sum = Buffer::new(1);
            let mut partials = [f64::NAN; 3];
            let chunks = 1 + case % 3;
            let (ap, bp) = (a.ptr(), b.ptr());
            let args = MultiplyForward { a: ap, a_stride, b: bp, b_stride, y: y.mut_ptr(), y_stride, pixels, channels };
            run_chunks(kernels.forward, &args, chunks, 0);
            let args = MultiplyScale { x: ap, x_stride: a_stride, scale: &s, y: scaled.mut_ptr(), y_stride, pixels, channels };
            run_chunks(kernels.scale, &args, chunks, 0);
            let partials = partials.as_mut_ptr();
            let args = MultiplyPartials { a: ap, a_stride, b: bp, b_stride, pixels, channels, partials };
            run_chunks(kernels.partials, &args, chunks, 0);
            run_chunks(reference::sum, &MultiplySum { partials, parts: chunks, y: sum.mut_ptr() }, 1, 0);
            for buffer in [&y, &scaled, &sum] {
                buffer.assert_guards("multiply");
            }
            (y, scaled, sum)
        };
        let simd = Kernels { forward: simd::forward::<Vector>, scale: simd::scale::<Vector>, partials: simd::partials };
        let reference = Kernels { forward: reference::forward, scale: reference::scale, partials: reference::partials };
        let (y, scaled, sum) = run(&simd);
        let (y_reference, scaled_reference, sum_reference) = run(&reference);
        assert_close(y.values(), y_reference.values(), 0.0, "multiply.forward");
        assert_close(scaled.values(), scaled_reference.values(), 0.0, "multiply.scale");
        assert_close(sum.values(), sum_reference.values(), 2e-5, "multiply.sum");
    }
}
