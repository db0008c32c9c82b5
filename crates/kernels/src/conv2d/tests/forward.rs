use super::super::*;
use super::case::Case;
use crate::abi::Task;
use crate::lanes::Vector;
use crate::testing::{Buffer, Random, assert_close, run_chunks};

fn forward_equals_reference(name: &str, kernel: unsafe fn(&Conv2dForward, &Task), fits: impl Fn(&mut Case) -> bool) {
    let mut random = Random(7);
    let mut tried = 0;
    while tried < 300 {
        let mut case = Case::new(&mut random);
        if !fits(&mut case) {
            continue;
        }
        tried += 1;
        let x = random.buffer((case.pixels() * case.x_stride()) as usize);
        let w = random.buffer((case.taps() * case.out_channels) as usize);
        let bias = random.buffer(case.out_channels as usize);
        let residual_stride = case.out_channels + case.slack[2];
        let residual = random.buffer((case.out_pixels() * residual_stride) as usize);
        let packed = case.pack(&w);
        let epilogue = random.int(0, 7);
        let run = |kernel: unsafe fn(&Conv2dForward, &Task), w: &Buffer| {
            let mut y = Random(2).buffer((case.out_pixels() * case.y_stride()) as usize);
            let mut args = case.forward(&x, w, &mut y);
            if epilogue & 1 != 0 {
                args.bias = bias.ptr();
            }
            if epilogue & 2 != 0 {
                (args.residual, args.residual_stride) = (residual.ptr(), residual_stride);
            }
            args.relu = epilogue >> 2;
            args.most = if tried % 2 == 0 { f32::INFINITY } else { 0.5 };
            run_chunks(kernel, &args, 1 + tried % 5, case.scratch(case.taps()));
            y.assert_guards("y");
            y
        };
        let (y, reference) = (run(kernel, &packed), run(reference::forward, &w));
        assert_close(y.values(), reference.values(), 2e-5, &format!("{name} {case:?}"));
    }
}

#[test]
fn implicit_gemm_equals_reference() {
    forward_equals_reference("implicit_gemm", implicit_gemm::forward::<Vector>, |_| true);
}

#[test]
fn im2col_equals_reference() {
    forward_equals_reference("im2col", im2col::forward::<Vector>, |_| true);
}

#[test]
fn pointwise_equals_reference() {
    forward_equals_reference("pointwise", pointwise::forward::<Vector>, |case| {
        let inside = |i: usize| {
            let extent = (case.out_size[i] - 1) * case.stride[i] + (case.kernel[i] - 1) * case.dilation[i] + 1;
            extent <= case.size[i]
        };
        let fits = inside(0) && inside(1);
        case.pad = [0, 0];
        fits
    });
}

#[test]
fn positions_equal_reference() {
    forward_equals_reference("positions", positions::forward::<Vector>, |case| {
        let reached = |i: usize| {
            (0..case.out_size[i]).all(|o| {
                let at = |tap: u32| (o * case.stride[i] + tap * case.dilation[i]) as i32 - case.pad[i];
                (0..case.kernel[i]).any(|tap| (0..case.size[i] as i32).contains(&at(tap)))
            })
        };
        case.unit_images = case.unit_images.min(case.batch);
        case.groups == 1 && reached(0) && reached(1)
    });
}

/// Every second row and third column of a larger output, cropped on one side: what a phase of a gradient is.
#[test]
fn phases_write_their_own_pixels() {
    let mut random = Random(11);
    for _ in 0..100 {
        let mut case = Case::new(&mut random);
        case.pad = [random.int(0, 4) as i32 - 3, random.int(0, 4) as i32 - 3];
        let x = random.buffer((case.pixels() * case.x_stride()) as usize);
        let w = random.buffer((case.taps() * case.out_channels) as usize);
        let packed = case.pack(&w);
        let run = |kernel: unsafe fn(&Conv2dForward, &Task), w: &Buffer| {
            let mut y = Random(2).buffer((6 * case.out_pixels() * case.y_stride()) as usize);
            let mut args = case.forward(&x, w, &mut y);
            (args.y_column, args.y_row, args.y_image) = (3, 6 * args.y_row, 6 * args.y_image);
            run_chunks(kernel, &args, 2, case.scratch(0));
            y.assert_guards("y");
            y
        };
        let (y, reference) = (run(implicit_gemm::forward::<Vector>, &packed), run(reference::forward, &w));
        assert_close(y.values(), reference.values(), 2e-5, &format!("{case:?}"));
    }
}

#[test]
fn no_taps_give_zeros() {
    let mut random = Random(3);
    let mut case = Case::new(&mut random);
    case.kernel = [0, 0];
    let x = random.buffer((case.pixels() * case.x_stride()) as usize);
    for kernel in [implicit_gemm::forward::<Vector>, pointwise::forward::<Vector>] {
        let mut y = random.buffer((case.out_pixels() * case.y_stride()) as usize);
        let mut args = case.forward(&x, &x, &mut y);
        args.geometry.pad_top = 0;
        args.geometry.pad_left = 0;
        run_chunks(kernel, &args, 1, 4 * case.size[0] as usize * 10000);
        let stride = case.y_stride() as usize;
        let channels = case.out_channels as usize;
        assert!(y.values().chunks(stride).all(|pixel| pixel[..channels].iter().all(|&v| v == 0.0)));
    }
}
