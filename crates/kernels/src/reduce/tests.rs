use super::*;
use crate::lanes::{F32x4, Lanes, Pair};
use crate::testing::{Buffer, Random, assert_close, run_chunks};

/// The four kernels of a variant.
struct Variant {
    sum: unsafe fn(&ReduceFold, &Task),
    max: unsafe fn(&ReduceFold, &Task),
    ties: unsafe fn(&ReduceFold, &Task),
    expand: unsafe fn(&ReduceExpand, &Task),
    share: unsafe fn(&ReduceShare, &Task),
}

const fn simd<L: Lanes>() -> Variant {
    Variant {
        sum: simd::sum::<L>,
        max: simd::max::<L>,
        ties: simd::ties::<L>,
        expand: simd::expand::<L>,
        share: simd::share::<L>,
    }
}

const REFERENCE: Variant = Variant {
    sum: reference::sum,
    max: reference::max,
    ties: reference::ties,
    expand: reference::expand,
    share: reference::share,
};

/// Sum, maximum, ties, the sum repeated, and shares of the sum, in this order.
fn run(variant: &Variant, x: &Buffer, [outer, reduced, inner]: [u32; 3], block: u32, chunks: u32) -> [Buffer; 5] {
    let buffer = |rows: u32| Buffer::new((outer * rows * inner) as usize);
    let [mut sum, mut max, mut ties, mut repeated, mut shares] = [1, 1, 1, reduced, reduced].map(buffer);
    let mut parts = buffer(3);
    let fold =
        |kernel: unsafe fn(&ReduceFold, &Task), x: *const f32, y: *mut f32, [reduced, partitions]: [u32; 2], divisor: f32| {
            run_chunks(
                kernel,
                &ReduceFold { x, best: core::ptr::null(), y, outer, reduced, inner, partitions, block, divisor },
                chunks,
                2 * block as usize,
            );
        };
    fold(variant.sum, x.ptr(), parts.mut_ptr(), [reduced, 3], 1.0);
    fold(variant.sum, parts.ptr(), sum.mut_ptr(), [3, 1], reduced as f32);
    fold(variant.max, x.ptr(), parts.mut_ptr(), [reduced, 3], 1.0);
    fold(variant.max, parts.ptr(), max.mut_ptr(), [3, 1], 1.0);
    let best = max.ptr();
    let args = ReduceFold { x: x.ptr(), best, y: ties.mut_ptr(), outer, reduced, inner, partitions: 1, block, divisor: 1.0 };
    run_chunks(variant.ties, &args, chunks, 2 * block as usize);
    let args = ReduceExpand { x: sum.ptr(), y: repeated.mut_ptr(), outer, reduced, inner, divisor: 3.0 };
    run_chunks(variant.expand, &args, chunks, 0);
    let (dy, ties_of) = (sum.ptr(), ties.ptr());
    let args = ReduceShare { dy, x: x.ptr(), best, ties: ties_of, dx: shares.mut_ptr(), outer, reduced, inner };
    run_chunks(variant.share, &args, chunks, 0);
    let all = [sum, max, ties, repeated, shares];
    all.iter().for_each(|buffer| buffer.assert_guards("reduce"));
    parts.assert_guards("parts");
    all
}

#[test]
fn simd_equals_reference() {
    let mut random = Random(1);
    for case in 0..300 {
        let inner = if case % 3 == 0 { 1 } else { random.int(1, 90) };
        let long = case % 4 == 0;
        let shape = [random.int(0, 4), random.int(1, if long { 1500 } else { 40 }), if long { inner.min(20) } else { inner }];
        let mut x = random.buffer(shape.iter().product::<u32>() as usize);
        if case % 2 == 0 {
            x.values_mut().iter_mut().for_each(|value| *value = (4.0 * *value).round() / 4.0);
        }
        if case % 5 == 0 {
            x.values_mut().iter_mut().for_each(|value| *value = if *value > 0.99 { f32::NAN } else { *value });
        }
        let (block, chunks) = (32 * random.int(1, 3), 1 + case % 4);
        let lanes = run(&simd::<F32x4>(), &x, shape, block, chunks);
        let pairs = run(&simd::<Pair<F32x4>>(), &x, shape, block, chunks);
        let reference = run(&REFERENCE, &x, shape, block, chunks);
        for (name, i) in ["sum", "max", "ties", "expand", "share"].into_iter().zip(0..) {
            assert_close(lanes[i].values(), reference[i].values(), 1e-6, name);
            assert_eq!(pairs[i].bits(), lanes[i].bits(), "{name} in pairs");
        }
    }
}

#[test]
fn a_long_sum_is_as_good_as_a_short_one() {
    for inner in [1, 2] {
        let count = 3_000_000;
        let x = vec![0.1f32; inner * count];
        let mut y = [0.0; 2];
        let args = ReduceFold {
            x: x.as_ptr(),
            best: core::ptr::null(),
            y: y.as_mut_ptr(),
            outer: 1,
            reduced: count as u32,
            inner: inner as u32,
            partitions: 1,
            block: 32,
            divisor: count as f32,
        };
        run_chunks(simd::sum::<Vector>, &args, 1, 64);
        assert!((y[0] - 0.1).abs() <= 0.1 / (1 << 18) as f32, "{}", y[0]);
    }
}
