use super::*;
use crate::abi::Task;
use crate::gemm::{GemmPack, PANEL, pack};
use crate::testing::{Buffer, Random, assert_close, run_chunks};

/// A and B as they are and transposed, with B shared or not, beside the sum itself.
#[test]
fn panels_equal_the_sum() {
    let mut random = Random(1);
    for case in 0..200 {
        let [matrices, rows, columns] = [5, 30, 40].map(|most| random.int(1, most));
        let depth = random.int(1, if case % 8 == 0 { 700 } else { 40 });
        let (a_transposed, b_transposed, shared) = (case % 2 == 1, case % 3 == 1, case % 5 == 1);
        let count = if shared { 1 } else { matrices };
        let a = random.buffer((matrices * rows * depth) as usize);
        let b = random.buffer((count * depth * columns) as usize);
        let c_stride = columns + random.int(0, 2);
        let mut packed = Buffer::new((count * columns.next_multiple_of(PANEL as u32) * depth) as usize);
        let (depth_stride, column_stride) = if b_transposed { (1, depth) } else { (columns, 1) };
        let args = GemmPack {
            w: b.ptr(),
            scale: core::ptr::null(),
            packed: packed.mut_ptr(),
            height: 1,
            width: 1,
            depth,
            columns,
            groups: count,
            tap_row: 0,
            tap_column: 0,
            depth_stride,
            column_stride,
            group_stride: depth * columns,
        };
        run_chunks(pack::pack::<Vector>, &args, 2, 0);
        let (a_row, a_depth) = if a_transposed { (1, rows) } else { (depth, 1) };
        let (unit_rows, unit_columns) = (random.int(1, rows), 16 * random.int(1, 3));
        let run = |kernel: unsafe fn(&MatMul, &Task)| {
            let mut c = Random(2).buffer((matrices * rows * c_stride) as usize);
            let args = MatMul {
                a: a.ptr(),
                a_row,
                a_depth,
                a_matrix: rows * depth,
                b: packed.ptr(),
                b_matrix: !shared as u32,
                c: c.mut_ptr(),
                c_stride,
                matrices,
                rows,
                depth,
                columns,
                unit_rows,
                unit_columns,
            };
            run_chunks(kernel, &args, 1 + case % 4, (depth + 2 * (unit_rows + 8)) as usize);
            c.assert_guards("c");
            c
        };
        let mut truth = Random(2).buffer((matrices * rows * c_stride) as usize);
        for m in 0..matrices {
            for i in 0..rows {
                for j in 0..columns {
                    let sum: f64 = (0..depth)
                        .map(|k| {
                            let from = if shared { 0 } else { m * depth * columns };
                            let left = a.values()[(m * rows * depth + i * a_row + k * a_depth) as usize] as f64;
                            left * b.values()[(from + k * depth_stride + j * column_stride) as usize] as f64
                        })
                        .sum();
                    truth.values_mut()[((m * rows + i) * c_stride + j) as usize] = sum as f32;
                }
            }
        }
        assert_close(run(panels::multiply_all::<Vector>).values(), truth.values(), 1e-5, "panels");
        assert_close(run(reference::multiply_all).values(), truth.values(), 1e-6, "reference");
    }
}
