use super::super::*;
use super::case::Case;
use crate::abi::Task;
use crate::lanes::Vector;
use crate::testing::{Buffer, Random, assert_close, run_chunks};

#[test]
fn outer_product_equals_reference() {
    let mut random = Random(5);
    for tried in 0..300 {
        let case = Case::new(&mut random);
        let x = random.buffer((case.pixels() * case.x_stride()) as usize);
        let dy = random.buffer((case.out_pixels() * case.y_stride()) as usize);
        let size = (case.taps() * case.out_channels) as usize;
        let units = case.batch.div_ceil(case.unit_images) * case.out_size[0].div_ceil(case.unit_rows);
        let most = random.int(1, units);
        let run = |kernel: unsafe fn(&Conv2dBackwardWeight, &Task), partitions: u32| {
            let mut dw = Buffer::new(size * partitions as usize);
            let args = case.backward_weight(&x, &dy, &mut dw, partitions);
            run_chunks(kernel, &args, 1 + tried % 4, case.scratch(case.unit_channels));
            dw.assert_guards("dw");
            dw
        };
        let partials = run(backward_weight::outer_product::<Vector>, most);
        let sums: Vec<f32> = (0..size).map(|i| partials.values().iter().skip(i).step_by(size).sum()).collect();
        let reference = run(reference::backward_weight, 1);
        assert_close(&sums, reference.values(), 2e-5, &format!("outer_product {case:?}"));
    }
}

#[test]
fn taps_equal_reference() {
    let mut random = Random(19);
    for tried in 0..300 {
        let mut case = Case::new(&mut random);
        (case.groups, case.channels, case.out_channels) = (1, 4 * random.int(1, 6), 8 * random.int(1, 5));
        let x = random.buffer((case.pixels() * case.x_stride()) as usize);
        let dy = random.buffer((case.out_pixels() * case.y_stride()) as usize);
        let size = (case.taps() * case.out_channels) as usize;
        let mut expected = Buffer::new(size);
        let args = case.backward_weight(&x, &dy, &mut expected, 1);
        run_chunks(reference::backward_weight, &args, 1, 0);
        let partitions = random.int(1, 4);
        let mut partials = Buffer::new(size * partitions as usize);
        let args = Conv2dTapsWeight {
            x: args.x,
            x_stride: args.x_stride,
            dy: args.dy,
            dy_stride: args.dy_stride,
            dw: partials.mut_ptr(),
            geometry: args.geometry,
            partitions,
            unit_pixels: random.int(1, 30),
            unit_depth: 4 * random.int(1, 6),
            unit_channels: case.unit_channels,
        };
        let scratch = args.unit_pixels * (args.unit_depth + args.unit_channels);
        run_chunks(taps_weight::outer_product::<Vector>, &args, 1 + tried % 4, scratch as usize);
        partials.assert_guards("dw");
        let sums: Vec<f32> = (0..size).map(|i| partials.values().iter().skip(i).step_by(size).sum()).collect();
        assert_close(&sums, expected.values(), 2e-5, &format!("taps {case:?}"));
    }
}
