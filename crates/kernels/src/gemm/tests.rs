use super::*;
use crate::testing::{Buffer, Random, assert_close, run_chunks};

#[test]
fn variants_equal_reference() {
    let mut random = Random(1);
    for case in 0..300 {
        let (rows, depth, columns) = (random.int(1, 21), random.int(1, if case % 8 == 0 { 1100 } else { 40 }), random.int(1, 30));
        let (a_stride, c_stride) = (depth + random.int(0, 2), columns + random.int(0, 2));
        let (unit_rows, unit_columns) = (random.int(1, rows), PANEL as u32 * random.int(1, 4));
        let a = random.buffer((rows * a_stride) as usize);
        let b = random.buffer((depth * columns) as usize);
        let bias = random.buffer(columns as usize);
        let packed = pack(&b, depth, columns, case % 2 == 1);
        let run = |kernel: unsafe fn(&Gemm, &crate::abi::Task), b: &Buffer| {
            let mut c = Random(2).buffer((rows * c_stride) as usize);
            let args = Gemm {
                a: a.ptr(),
                a_stride,
                b: b.ptr(),
                bias: if case % 3 == 0 { core::ptr::null() } else { bias.ptr() },
                c: c.mut_ptr(),
                c_stride,
                rows,
                depth,
                columns,
                unit_rows,
                unit_columns,
            };
            run_chunks(kernel, &args, 1 + case % 4, (depth + 2 * (unit_rows + 8) + rows * unit_columns) as usize);
            c.assert_guards("c");
            c
        };
        let reference = run(reference::gemm, &b);
        let panels = run(panels::gemm::<Vector>, &packed);
        assert_close(panels.values(), reference.values(), 1e-5, "panels");
        tiles::set_high(false);
        assert!(!tiles::high());
        assert_eq!(run(panels::gemm::<Vector>, &packed).bits(), panels.bits(), "tiles of four rows");
        tiles::set_high(true);
        assert!(tiles::high());
        assert_close(run(plain::gemm::<Vector>, &b).values(), reference.values(), 1e-5, "plain");
    }
}

/// Packs `[depth, columns]`, by way of its transpose if asked.
fn pack(b: &Buffer, depth: u32, columns: u32, transposed: bool) -> Buffer {
    let mut source = b.clone();
    if transposed {
        for k in 0..depth {
            for j in 0..columns {
                source.values_mut()[(j * depth + k) as usize] = b.values()[(k * columns + j) as usize];
            }
        }
    }
    let mut packed = Buffer::new((depth * columns.next_multiple_of(PANEL as u32)) as usize);
    let args = GemmPack {
        w: source.ptr(),
        scale: core::ptr::null(),
        packed: packed.mut_ptr(),
        height: 1,
        width: 1,
        depth,
        columns,
        groups: 1,
        tap_row: 0,
        tap_column: 0,
        depth_stride: if transposed { 1 } else { columns },
        column_stride: if transposed { depth } else { 1 },
        group_stride: 0,
    };
    run_chunks(super::pack::pack::<Vector>, &args, 2, 0);
    packed.assert_guards("packed");
    packed
}

/// Taps in reverse, as the gradient of an input reads them, groups, and columns that do not fill a panel.
#[test]
fn pack_equals_reference() {
    let mut random = Random(2);
    for case in 0..200 {
        let [height, width, groups] = [0; 3].map(|_| random.int(1, 3));
        let (depth, columns) = (random.int(1, 6), random.int(1, 35));
        let w = random.buffer((height * width * depth * groups * columns) as usize);
        let tap = (depth * groups * columns) as i32;
        let reversed = case % 2 == 1;
        let scale = (case % 5 < 2).then(|| random.buffer((groups * columns) as usize));
        let last = if reversed { (height * width - 1) as i32 * tap } else { 0 };
        let (depth_stride, column_stride) = if case % 3 == 0 { (1, depth) } else { (groups * columns, 1) };
        let run = |kernel: unsafe fn(&GemmPack, &crate::abi::Task)| {
            let panels = groups * columns.next_multiple_of(PANEL as u32);
            let mut packed = Buffer::new((panels * height * width * depth) as usize);
            let args = GemmPack {
                w: w.values()[last as usize..].as_ptr(),
                scale: scale.as_ref().map_or(core::ptr::null(), Buffer::ptr),
                packed: packed.mut_ptr(),
                height,
                width,
                depth,
                columns,
                groups,
                tap_row: if reversed { -(width as i32) * tap } else { width as i32 * tap },
                tap_column: if reversed { -tap } else { tap },
                depth_stride,
                column_stride,
                group_stride: if column_stride == 1 { columns } else { depth * columns },
            };
            run_chunks(kernel, &args, 1 + case % 3, 0);
            packed.assert_guards("packed");
            packed
        };
        assert_eq!(run(super::pack::pack::<Vector>).bits(), run(reference::pack).bits());
    }
}
