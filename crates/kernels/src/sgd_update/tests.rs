use super::*;
use crate::abi::Task;
use crate::testing::{Random, assert_close, run_chunks};

#[test]
fn simd_equals_reference() {
    let mut random = Random(1);
    for case in 0..100 {
        let (pixels, channels) = (random.int(1, 9), random.int(1, 40));
        let (grad_stride, nesterov) = (channels + random.int(0, 1), random.int(0, 1));
        let grad = random.buffer((pixels * grad_stride) as usize);
        let lr = 0.1;
        let run = |kernel: unsafe fn(&SgdUpdate, &Task)| {
            let [mut param, mut buffer] = [2, 3].map(|seed| Random(seed).buffer((pixels * channels) as usize));
            let args = SgdUpdate {
                param: param.mut_ptr(),
                grad: grad.ptr(),
                grad_stride,
                buffer: buffer.mut_ptr(),
                lr: &lr,
                pixels,
                channels,
                momentum: 0.9,
                weight_decay: 1e-2,
                nesterov,
            };
            run_chunks(kernel, &args, 1 + case % 3, 0);
            param.assert_guards("param");
            buffer.assert_guards("buffer");
            (param, buffer)
        };
        let (param, buffer) = run(simd::forward::<Vector>);
        let (param_reference, buffer_reference) = run(reference::forward);
        assert_close(param.values(), param_reference.values(), 1e-6, "param");
        assert_close(buffer.values(), buffer_reference.values(), 1e-6, "buffer");
    }
}
