use super::*;
use crate::abi::Task;
use crate::lanes::{F32x4, Pair};
use crate::testing::{Buffer, Random, assert_close, run_chunks};
use core::ptr::null;

/// Tables of an axis of `count` indices that takes from `size`; empty ones stand for null.
#[derive(Default)]
struct Tables {
    starts: Vec<u32>,
    taps: Vec<u32>,
    weights: Vec<f32>,
}

fn tables(random: &mut Random, kind: u32, size: u32, count: u32) -> Tables {
    let mut made = Tables::default();
    if kind == 0 {
        made.taps = (0..count).map(|_| random.int(0, size - 1)).collect();
        return made;
    }
    for _ in 0..count {
        made.starts.push(made.taps.len() as u32);
        (0..random.int(0, 4)).for_each(|_| made.taps.push(random.int(0, size - 1)));
    }
    made.starts.push(made.taps.len() as u32);
    if kind == 2 {
        made.weights = made.taps.iter().map(|_| random.float()).collect();
    }
    made
}

fn pointer<T>(list: &[T]) -> *const T {
    if list.is_empty() { null() } else { list.as_ptr() }
}

#[test]
fn simd_equals_reference() {
    let mut random = Random(1);
    for case in 0..400 {
        let [x_rows, x_columns, columns] = [4, 5, 6].map(|most| random.int(1, most));
        let (outer, rows, channels) = (random.int(0, 2), random.int(0, 6), random.int(1, 37));
        let row = tables(&mut random, case % 3, x_rows, rows);
        // The same columns, or others.
        let same = case % 7 == 0;
        let columns = if same { x_columns } else { columns };
        let column = if same { Tables::default() } else { tables(&mut random, case / 3 % 3, x_columns, columns) };
        let [x_gap, y_gap] = [2, 3].map(|most| random.int(0, most));
        let [x_column_stride, y_column_stride] = [channels + x_gap, channels + y_gap];
        let [x_row_stride, y_row_stride] = [x_column_stride * x_columns, y_column_stride * columns];
        let [x_outer_stride, y_outer_stride] = [x_row_stride * x_rows, y_row_stride * rows];
        let x = random.buffer((outer * x_outer_stride) as usize);
        let run = |forward: unsafe fn(&ResampleForward, &Task)| {
            let mut y = Random(2).buffer((outer * y_outer_stride) as usize);
            let args = ResampleForward {
                x: x.ptr(),
                y: y.mut_ptr(),
                row_starts: pointer(&row.starts),
                row_taps: pointer(&row.taps),
                row_weights: pointer(&row.weights),
                column_starts: pointer(&column.starts),
                column_taps: pointer(&column.taps),
                column_weights: pointer(&column.weights),
                outer,
                rows,
                columns,
                channels,
                x_rows,
                x_columns,
                x_outer_stride,
                x_row_stride,
                x_column_stride,
                y_outer_stride,
                y_row_stride,
                y_column_stride,
            };
            run_chunks(forward, &args, 1 + case % 3, 0);
            y.assert_guards("y");
            y
        };
        let y = run(simd::forward::<F32x4>);
        assert_close(y.values(), run(reference::forward).values(), 1e-6, "resample.forward");
        assert_eq!(run(simd::forward::<Pair<F32x4>>).bits(), y.bits(), "pairs");
    }
}

#[test]
fn a_single_tap_keeps_its_bits() {
    let x: [i32; 6] = [-1, i32::MIN, 0x7f80_0001, 1, 0, 42];
    let mut y = Buffer::new(6);
    let row_taps = [2u32, 1, 0];
    let args = ResampleForward {
        x: x.as_ptr().cast(),
        y: y.mut_ptr(),
        row_starts: null(),
        row_taps: row_taps.as_ptr(),
        row_weights: null(),
        column_starts: null(),
        column_taps: null(),
        column_weights: null(),
        outer: 1,
        rows: 3,
        columns: 1,
        channels: 2,
        x_rows: 3,
        x_columns: 1,
        x_outer_stride: 6,
        x_row_stride: 2,
        x_column_stride: 2,
        y_outer_stride: 6,
        y_row_stride: 2,
        y_column_stride: 2,
    };
    run_chunks(simd::forward::<Vector>, &args, 2, 0);
    assert_eq!(y.bits(), [0, 42, 0x7f80_0001, 1, u32::MAX, 1 << 31]);
}
