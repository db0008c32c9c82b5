use super::code::{CONSTANTS, Code, INPUTS, RESULTS};
use super::*;
use crate::abi::Task;
use crate::lanes::{F32x4, Pair};
use crate::testing::{Buffer, Random, assert_close, run_chunks};

const BINARY: [Code; 8] = [Code::Add, Code::Subtract, Code::Multiply, Code::Divide, Code::Max, Code::Min, Code::Less, Code::Keep];
const UNARY: [Code; 5] = [Code::Abs, Code::Exp, Code::Tanh, Code::Sigmoid, Code::Erf];

/// A program of so many inputs, whose numbers stay small.
fn program(random: &mut Random, inputs: u32) -> Vec<u32> {
    let constants = random.int(0, CONSTANTS as u32 - 1);
    let count = random.int(1, 12);
    let mut made: Vec<u32> = (0..inputs).chain((0..constants).map(|c| INPUTS as u32 + c)).collect();
    let mut words = vec![constants, count];
    for at in 0..count {
        let mut any = || made[random.int(0, made.len() as u32 - 1) as usize];
        let (a, b) = (any(), any());
        // Squashing every second number keeps it near 1, and away from steps that a rounding crosses.
        let code = match at % 2 {
            0 => UNARY[random.int(2, 3) as usize],
            _ => [Code::Add, Code::Subtract, Code::Multiply][random.int(0, 2) as usize],
        };
        let result = (INPUTS + CONSTANTS) as u32 + at % RESULTS as u32;
        words.push(u32::from_le_bytes([code as u8, result as u8, a as u8, b as u8]));
        made.retain(|&register| register != result);
        made.push(result);
    }
    words.extend((0..constants).map(|_| random.float().to_bits()));
    words
}

/// Steps of a tensor of these sizes: with gaps, or repeating along some axes.
fn steps(random: &mut Random, sizes: [u32; 4], repeats: bool) -> [u32; 4] {
    let mut steps = [0; 4];
    let mut step = 1 + random.int(0, 5) / 5;
    for axis in (0..4).rev() {
        if repeats && random.int(0, 2) == 0 {
            continue;
        }
        steps[axis] = step;
        step = step * sizes[axis] + random.int(0, 3) / 3;
    }
    steps
}

fn extent(sizes: [u32; 4], steps: [u32; 4]) -> usize {
    (0..4).map(|axis| ((sizes[axis].max(1) - 1) * steps[axis]) as usize).sum::<usize>() + 1
}

#[test]
fn simd_equals_reference_on_any_box() {
    let mut random = Random(1);
    for case in 0..400 {
        let sizes = match case % 4 {
            0 => [1, 1, 1, random.int(0, 1500)],
            1 => [random.int(1, 2), random.int(1, 3), random.int(1, 40), random.int(1, 20)],
            2 => [1, random.int(1, 2), random.int(1, 5), random.int(200, 600)],
            _ => [1, 2, random.int(0, 30), random.int(1, 70)],
        };
        let inputs = random.int(1, INPUTS as u32);
        let y_steps = steps(&mut random, sizes, false);
        let input_steps: Vec<_> = (0..inputs).map(|_| steps(&mut random, sizes, true)).collect();
        let layout: Vec<u32> = [sizes, y_steps].iter().chain(&input_steps).flatten().copied().collect();
        let words = program(&mut random, inputs);
        let x: Vec<Buffer> = input_steps.iter().map(|&steps| random.buffer(extent(sizes, steps))).collect();
        let at = |i: usize| x.get(i).map_or(core::ptr::null(), |x| x.ptr());
        let run = |kernel: unsafe fn(&MapForward, &Task)| {
            let mut y = Random(2).buffer(extent(sizes, y_steps));
            let [x0, x1, x2, x3, x4, x5, x6, x7] = core::array::from_fn(at);
            let (layout, program) = (layout.as_ptr(), words.as_ptr());
            let args = MapForward { x0, x1, x2, x3, x4, x5, x6, x7, inputs, y: y.mut_ptr(), layout, program };
            run_chunks(kernel, &args, 1 + case % 3, 0);
            y.assert_guards("y");
            y
        };
        let y = run(simd::forward::<F32x4>);
        assert_close(y.values(), run(reference::forward).values(), 1e-5, "map");
        assert_eq!(run(simd::forward::<Pair<F32x4>>).bits(), y.bits(), "pairs");
    }
}

#[test]
fn every_instruction_equals_its_definition() {
    let values = [-3.0, -1.0, -0.0, 0.0, 0.25, 1.0, 1.0, 2.5, 40.0, f32::NAN, f32::INFINITY];
    let pairs: Vec<(f32, f32)> = values.iter().flat_map(|&a| values.iter().map(move |&b| (a, b))).collect();
    let (a, b): (Vec<f32>, Vec<f32>) = pairs.iter().copied().unzip();
    let len = a.len() as u32;
    for code in BINARY.into_iter().chain(UNARY).chain([Code::Pow, Code::Sqrt, Code::Log, Code::Expm1]) {
        let words = [0, 1, u32::from_le_bytes([code as u8, 16, 0, 1])];
        let layout = [1, 1, 1, len, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1];
        let run = |kernel: unsafe fn(&MapForward, &Task)| {
            let mut y = vec![0.0f32; a.len()];
            let none = core::ptr::null();
            let (x0, x1, y_first) = (a.as_ptr(), b.as_ptr(), y.as_mut_ptr());
            let (layout, program) = (layout.as_ptr(), words.as_ptr());
            let [x2, x3, x4, x5, x6, x7] = [none; 6];
            let args = MapForward { x0, x1, x2, x3, x4, x5, x6, x7, inputs: 2, y: y_first, layout, program };
            run_chunks(kernel, &args, 1, 0);
            y
        };
        let (own, wanted) = (run(simd::forward::<F32x4>), run(reference::forward));
        for (i, (&own, &wanted)) in own.iter().zip(&wanted).enumerate() {
            let same = own == wanted || own.is_nan() && wanted.is_nan();
            let close = (own - wanted).abs() <= 1e-6 * wanted.abs();
            assert!(same || close, "{code:?}({}, {}) is {own} but must be {wanted}", a[i], b[i]);
        }
    }
}

#[test]
fn may_overwrite_an_input() {
    let words = [0, 1, u32::from_le_bytes([Code::Add as u8, 16, 0, 1])];
    let mut x: Vec<f32> = (0..700).map(|i| i as f32).collect();
    let row: Vec<f32> = (0..7).map(|i| 1000.0 * i as f32).collect();
    let layout = [1, 1, 100, 7, 0, 0, 7, 1, 0, 0, 7, 1, 0, 0, 0, 1];
    let none = core::ptr::null();
    let [x2, x3, x4, x5, x6, x7] = [none; 6];
    let (layout, program, y) = (layout.as_ptr(), words.as_ptr(), x.as_mut_ptr());
    let args = MapForward { x0: y, x1: row.as_ptr(), x2, x3, x4, x5, x6, x7, inputs: 2, y, layout, program };
    run_chunks(simd::forward::<F32x4>, &args, 2, 0);
    assert!(x.iter().enumerate().all(|(i, &x)| x == (i + 1000 * (i % 7)) as f32));
}
