use super::*;
use crate::abi::Task;
use crate::lanes::{F32x4, Pair};
use crate::testing::{Buffer, Random, run_chunks};

/// Strides of a box whose axes lie in this order in memory, the innermost last, with gaps; and how many elements it spans.
fn strides(random: &mut Random, sizes: &[u32; 5], order: &[usize; 5]) -> ([u32; 5], usize) {
    let mut strides = [0; 5];
    let mut stride = 1 + random.int(0, 3) / 3;
    for &axis in order.iter().rev() {
        strides[axis] = stride;
        stride = stride * sizes[axis].max(1) + random.int(0, 2) / 2;
    }
    (strides, stride as usize)
}

fn shuffled(random: &mut Random) -> [usize; 5] {
    let mut order = [0, 1, 2, 3, 4];
    (1..5).for_each(|i| order.swap(i, random.int(0, i as u32) as usize));
    order
}

fn args(x: &Buffer, y: &mut Buffer, sizes: [u32; 5], x_strides: [u32; 5], y_strides: [u32; 5]) -> CopyNdForward {
    let [size0, size1, size2, size3, size4] = sizes;
    let [x_stride0, x_stride1, x_stride2, x_stride3, x_stride4] = x_strides;
    let [y_stride0, y_stride1, y_stride2, y_stride3, y_stride4] = y_strides;
    CopyNdForward {
        x: x.ptr(),
        y: y.mut_ptr(),
        size0,
        size1,
        size2,
        size3,
        size4,
        x_stride0,
        x_stride1,
        x_stride2,
        x_stride3,
        x_stride4,
        y_stride0,
        y_stride1,
        y_stride2,
        y_stride3,
        y_stride4,
    }
}

#[test]
fn simd_equals_reference() {
    let mut random = Random(1);
    for case in 0..600 {
        let mut sizes = [0, 0, 0, 0, 1].map(|least| random.int(least, 3));
        sizes[3] = random.int(1, 35);
        sizes[4] = random.int(1, 21);
        let x_order = if case % 3 == 0 { [0, 1, 2, 3, 4] } else { shuffled(&mut random) };
        let y_order = if case % 5 == 0 { shuffled(&mut random) } else { [0, 1, 2, 3, 4] };
        let (mut x_strides, x_len) = strides(&mut random, &sizes, &x_order);
        let (y_strides, y_len) = strides(&mut random, &sizes, &y_order);
        if case % 7 == 0 {
            x_strides = [0; 5];
        }
        let x = random.buffer(x_len);
        let run = |forward: unsafe fn(&CopyNdForward, &Task)| {
            let mut y = Random(2).buffer(y_len);
            let args = args(&x, &mut y, sizes, x_strides, y_strides);
            run_chunks(forward, &args, 1 + case % 3, 0);
            y.assert_guards("y");
            y.bits()
        };
        let expected = run(reference::forward);
        assert_eq!(run(simd::forward::<F32x4>), expected, "{sizes:?} from {x_strides:?} to {y_strides:?}");
        assert_eq!(run(simd::forward::<Pair<F32x4>>), expected, "pairs: {sizes:?} from {x_strides:?} to {y_strides:?}");
    }
}

#[test]
fn reference_transposes() {
    let mut x = Buffer::new(6);
    x.values_mut().copy_from_slice(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    let mut y = Buffer::new(6);
    run_chunks(reference::forward, &args(&x, &mut y, [1, 1, 1, 3, 2], [0, 0, 0, 1, 3], [0, 0, 0, 2, 1]), 2, 0);
    assert_eq!(y.values(), [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
}
