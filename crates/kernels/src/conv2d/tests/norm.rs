//! Kernels with batch norm beside the convolution.

use super::super::winograd::F4;
use super::super::*;
use super::case::Case;
use super::winograd::{pack, weight_scratch, winograd_args, winograd_case, winograd_scratch};
use crate::lanes::Vector;
use crate::testing::{Buffer, Random, assert_close, run_chunks};

/// Mean, gamma, rstd and beta of some channels.
struct Statistics([Buffer; 4]);

impl Statistics {
    fn new(random: &mut Random, channels: u32) -> Self {
        Self([0, 1, 2, 3].map(|_| random.buffer(channels as usize)))
    }
    fn norm(&self) -> Norm {
        let [mean, gamma, rstd, beta] = self.0.each_ref().map(Buffer::ptr);
        Norm { mean, gamma, rstd, beta }
    }
}

#[test]
fn pointwise_of_norm_equals_reference() {
    let mut random = Random(31);
    for tried in 0..200 {
        let mut case = Case::new(&mut random);
        (case.kernel, case.stride, case.pad, case.groups) = ([1, 1], [1, 1], [0, 0], 1);
        case.size = case.out_size;
        let x = random.buffer((case.pixels() * case.x_stride()) as usize);
        let w = random.buffer((case.taps() * case.out_channels) as usize);
        let statistics = Statistics::new(&mut random, case.channels);
        let packed = case.pack(&w);
        let run = |kernel: unsafe fn(&Conv2dForward, &crate::abi::Task), w: &Buffer| {
            let mut y = Random(2).buffer((case.out_pixels() * case.y_stride()) as usize);
            let args = Conv2dForward { relu: tried % 2, norm: statistics.norm(), ..case.forward(&x, w, &mut y) };
            run_chunks(kernel, &args, 1 + tried % 5, case.scratch(case.taps()));
            y.assert_guards("y");
            y
        };
        let (y, expected) = (run(pointwise::forward_of_norm::<Vector>, &packed), run(reference::forward, &w));
        assert_close(y.values(), expected.values(), 2e-5, &format!("pointwise_of_norm {case:?}"));
    }
}

#[test]
fn winograd_4x4_of_norm_equals_reference() {
    let mut random = Random(37);
    for tried in 0..100 {
        let case = winograd_case(&mut random);
        let x = random.buffer((case.pixels() * case.x_stride()) as usize);
        let w = random.buffer((case.taps() * case.out_channels) as usize);
        let statistics = Statistics::new(&mut random, case.channels);
        let packed = pack::<F4, 4, 6>(&case, &w);
        let [mut y, mut expected] = [2, 2].map(|seed| Random(seed).buffer((case.out_pixels() * case.y_stride()) as usize));
        let args = Conv2dForward { norm: statistics.norm(), ..case.forward(&x, &w, &mut expected) };
        run_chunks(reference::forward, &args, 1, 0);
        let args = Conv2dWinograd { norm: statistics.norm(), ..winograd_args(&case, &x, &packed, &mut y) };
        let kernel = winograd::forward::forward_of_norm::<Vector, F4, 4, 6>;
        run_chunks(kernel, &args, 1 + tried % 4, winograd_scratch(&case, 36, args.unit_tiles, false));
        y.assert_guards("y");
        assert_close(y.values(), expected.values(), 1e-4, &format!("winograd_4x4_of_norm {case:?}"));
    }
}

#[test]
fn winograd_4x4_to_norm_equals_reference() {
    let mut random = Random(41);
    for tried in 0..100 {
        let case = winograd_case(&mut random);
        let outputs = (case.out_pixels() * case.y_stride()) as usize;
        let x = random.buffer((case.pixels() * case.x_stride()) as usize);
        let w = random.buffer((case.taps() * case.out_channels) as usize);
        let [norm_x, residual] = [0, 1].map(|_| random.buffer(outputs));
        let statistics = Statistics::new(&mut random, case.out_channels);
        let packed = pack::<F4, 4, 6>(&case, &w);
        let channels = 2 * case.out_channels as usize;
        let run = |kernel: unsafe fn(&Conv2dWinograd, &crate::abi::Task), w: &Buffer, chunks: u32| {
            let mut y = Random(2).buffer(outputs);
            let mut partials = Buffer::new(channels * chunks as usize);
            let args = Conv2dWinograd {
                residual: if tried % 3 == 0 { core::ptr::null() } else { residual.ptr() },
                residual_stride: case.y_stride(),
                norm: statistics.norm(),
                norm_x: norm_x.ptr(),
                norm_x_stride: case.y_stride(),
                partials: partials.mut_ptr(),
                ..winograd_args(&case, &x, w, &mut y)
            };
            run_chunks(kernel, &args, chunks, winograd_scratch(&case, 36, args.unit_tiles, false));
            y.assert_guards("y");
            partials.assert_guards("partials");
            // Terms of either sign cancel in a sum, so it is their mean that has few digits less than a term.
            let sum = |i: usize| partials.values().iter().skip(i).step_by(channels).sum::<f32>();
            (y, (0..channels).map(|i| sum(i) / case.out_pixels() as f32).collect::<Vec<f32>>())
        };
        let (y, means) = run(winograd::forward::norm_gradient::<Vector>, &packed, 1 + tried % 4);
        let (expected, expected_means) = run(reference::norm_gradient, &w, 1 + tried % 3);
        assert_close(y.values(), expected.values(), 1e-4, &format!("winograd_4x4_to_norm {case:?}"));
        assert_close(&means, &expected_means, 2e-5, &format!("sums of winograd_4x4_to_norm {case:?}"));
    }
}

#[test]
fn winograd_weight_of_norm_equals_reference() {
    let mut random = Random(43);
    for tried in 0..100 {
        let case = winograd_case(&mut random);
        let x = random.buffer((case.pixels() * case.x_stride()) as usize);
        let dy = random.buffer((case.out_pixels() * case.y_stride()) as usize);
        let statistics = Statistics::new(&mut random, case.channels);
        let (size, unit_tiles) = ((case.taps() * case.out_channels) as usize, random.int(1, 9));
        let run = |kernel: unsafe fn(&Conv2dWinogradWeight, &crate::abi::Task)| {
            let mut dw = Buffer::new(size);
            let args = Conv2dWinogradWeight {
                x: x.ptr(),
                x_stride: case.x_stride(),
                dy: dy.ptr(),
                dy_stride: case.y_stride(),
                dw: dw.mut_ptr(),
                geometry: case.geometry(),
                partitions: 1,
                unit_tiles,
                unit_channels: case.unit_channels,
                norm: statistics.norm(),
            };
            run_chunks(kernel, &args, 1 + tried % 4, weight_scratch(&case, unit_tiles));
            dw.assert_guards("dw");
            dw
        };
        let (dw, expected) =
            (run(winograd::backward_weight::outer_product_of_norm::<Vector>), run(reference::backward_weight_of_norm));
        assert_close(dw.values(), expected.values(), 2e-4, &format!("weight of norm {case:?}"));
    }
}
