use super::winograd::{F2, F4, Lines};
use super::*;
use crate::abi::Task;
use crate::gemm::GemmPack;
use crate::lanes::F32x4;
use crate::testing::{Buffer, Random, assert_close, run_chunks};

/// A random convolution, small enough to run often and odd enough to meet every edge.
#[derive(Debug)]
struct Case {
    batch: u32,
    size: [u32; 2],
    channels: u32,
    out_size: [u32; 2],
    out_channels: u32,
    kernel: [u32; 2],
    stride: [u32; 2],
    pad: [i32; 2],
    dilation: [u32; 2],
    groups: u32,
    slack: [u32; 3],
    unit_images: u32,
    unit_rows: u32,
    unit_channels: u32,
}

impl Case {
    fn new(random: &mut Random) -> Self {
        loop {
            let groups = if random.int(0, 2) == 0 { random.int(2, 3) } else { 1 };
            let two = |random: &mut Random, low, high| [random.int(low, high), random.int(low, high)];
            let (kernel, stride, dilation) = (two(random, 1, 4), two(random, 1, 3), two(random, 1, 2));
            let (size, before, after) = (two(random, 1, 9), two(random, 0, 2), two(random, 0, 2));
            let out = [0, 1].map(|i| {
                let padded = size[i] + before[i] + after[i];
                padded.checked_sub((kernel[i] - 1) * dilation[i] + 1).map(|free| free / stride[i] + 1)
            });
            let [Some(out_height), Some(out_width)] = out else { continue };
            let batch = random.int(1, 5);
            let unit_rows = random.int(1, out_height);
            return Self {
                batch,
                size,
                channels: groups * random.int(1, 6),
                out_size: [out_height, out_width],
                out_channels: groups * random.int(1, if groups > 1 { 9 } else { 26 }),
                kernel,
                stride,
                pad: before.map(|p| p as i32),
                dilation,
                groups,
                slack: [random.int(0, 2), random.int(0, 2), random.int(0, 2)],
                unit_images: if unit_rows == out_height { random.int(1, batch) } else { 1 },
                unit_rows,
                unit_channels: 8 * random.int(1, 3),
            };
        }
    }
    fn x_stride(&self) -> u32 {
        self.channels + self.slack[0]
    }
    fn y_stride(&self) -> u32 {
        self.out_channels + self.slack[1]
    }
    fn pixels(&self) -> u32 {
        self.batch * self.size[0] * self.size[1]
    }
    fn out_pixels(&self) -> u32 {
        self.batch * self.out_size[0] * self.out_size[1]
    }
    fn taps(&self) -> u32 {
        self.kernel[0] * self.kernel[1] * self.channels / self.groups
    }
    fn forward(&self, x: &Buffer, w: &Buffer, y: &mut Buffer) -> Conv2dForward {
        Conv2dForward {
            x: x.ptr(),
            x_stride: self.x_stride(),
            w: w.ptr(),
            bias: core::ptr::null(),
            residual: core::ptr::null(),
            residual_stride: 0,
            y: y.mut_ptr(),
            y_stride: self.y_stride(),
            y_column: 1,
            y_row: self.out_size[1],
            y_image: self.out_size[0] * self.out_size[1],
            batch: self.batch,
            height: self.size[0],
            width: self.size[1],
            in_channels: self.channels,
            out_height: self.out_size[0],
            out_width: self.out_size[1],
            out_channels: self.out_channels,
            kernel_height: self.kernel[0],
            kernel_width: self.kernel[1],
            stride_height: self.stride[0],
            stride_width: self.stride[1],
            pad_top: self.pad[0],
            pad_left: self.pad[1],
            dilation_height: self.dilation[0],
            dilation_width: self.dilation[1],
            groups: self.groups,
            relu: 0,
            unit_images: self.unit_images,
            unit_rows: self.unit_rows,
            unit_channels: self.unit_channels,
        }
    }
    /// Rows of x may be read in place if no window leaves the image; gaps between copied pixels are allowed.
    fn copied_pixel(&self) -> u32 {
        let inside = (0..2).all(|i| {
            self.pad[i] == 0 && (self.out_size[i] - 1) * self.stride[i] + (self.kernel[i] - 1) * self.dilation[i] < self.size[i]
        });
        if inside && self.slack[2] > 0 { 0 } else { self.channels / self.groups + self.slack[2] }
    }
    fn backward_weight(&self, x: &Buffer, dy: &Buffer, dw: &mut Buffer, partitions: u32) -> Conv2dBackwardWeight {
        let f = self.forward(x, x, &mut Buffer::new(0));
        Conv2dBackwardWeight {
            x: x.ptr(),
            x_stride: f.x_stride,
            dy: dy.ptr(),
            dy_stride: f.y_stride,
            dw: dw.mut_ptr(),
            batch: f.batch,
            height: f.height,
            width: f.width,
            in_channels: f.in_channels,
            out_height: f.out_height,
            out_width: f.out_width,
            out_channels: f.out_channels,
            kernel_height: f.kernel_height,
            kernel_width: f.kernel_width,
            stride_height: f.stride_height,
            stride_width: f.stride_width,
            pad_top: f.pad_top,
            pad_left: f.pad_left,
            dilation_height: f.dilation_height,
            dilation_width: f.dilation_width,
            groups: f.groups,
            copied_pixel: self.copied_pixel(),
            partitions,
            unit_images: f.unit_images,
            unit_rows: f.unit_rows,
            unit_channels: f.unit_channels,
        }
    }
    fn pack(&self, w: &Buffer) -> Buffer {
        let columns = self.out_channels / self.groups;
        let depth = self.channels / self.groups;
        let mut packed = Buffer::new((self.groups * columns.next_multiple_of(8) * self.taps()) as usize);
        let args = GemmPack {
            w: w.ptr(),
            packed: packed.mut_ptr(),
            height: self.kernel[0],
            width: self.kernel[1],
            depth,
            columns,
            groups: self.groups,
            tap_row: (self.kernel[1] * depth * self.out_channels) as i32,
            tap_column: (depth * self.out_channels) as i32,
            depth_stride: self.out_channels,
            column_stride: 1,
            group_stride: columns,
        };
        run_chunks(crate::gemm::pack::pack::<F32x4>, &args, 3, 0);
        packed.assert_guards("packed");
        packed
    }
    fn scratch(&self, columns: u32) -> usize {
        let [rows, width] = [0, 1].map(|i| {
            let rows = if i == 0 { self.unit_rows } else { self.out_size[1] };
            (rows - 1) * self.stride[i] + (self.kernel[i] - 1) * self.dilation[i] + 1
        });
        let pixels = (self.unit_images * self.unit_rows * self.out_size[1]).next_multiple_of(4);
        let rows = self.unit_images * rows * width * (self.channels / self.groups + self.slack[2]);
        (rows + pixels * (2 + columns) + 2 * self.taps() + 8) as usize
    }
}

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
    forward_equals_reference("implicit_gemm", implicit_gemm::forward::<F32x4>, |_| true);
}

#[test]
fn im2col_equals_reference() {
    forward_equals_reference("im2col", im2col::forward::<F32x4>, |_| true);
}

#[test]
fn pointwise_equals_reference() {
    forward_equals_reference("pointwise", pointwise::forward::<F32x4>, |case| {
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
    forward_equals_reference("positions", positions::forward::<F32x4>, |case| {
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
        let (y, reference) = (run(implicit_gemm::forward::<F32x4>, &packed), run(reference::forward, &w));
        assert_close(y.values(), reference.values(), 2e-5, &format!("{case:?}"));
    }
}

#[test]
fn no_taps_give_zeros() {
    let mut random = Random(3);
    let mut case = Case::new(&mut random);
    case.kernel = [0, 0];
    let x = random.buffer((case.pixels() * case.x_stride()) as usize);
    for kernel in [implicit_gemm::forward::<F32x4>, pointwise::forward::<F32x4>] {
        let mut y = random.buffer((case.out_pixels() * case.y_stride()) as usize);
        let mut args = case.forward(&x, &x, &mut y);
        args.pad_top = 0;
        args.pad_left = 0;
        run_chunks(kernel, &args, 1, 4 * case.size[0] as usize * 10000);
        let stride = case.y_stride() as usize;
        let channels = case.out_channels as usize;
        assert!(y.values().chunks(stride).all(|pixel| pixel[..channels].iter().all(|&v| v == 0.0)));
    }
}

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
        let partials = run(backward_weight::outer_product::<F32x4>, most);
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
            batch: args.batch,
            height: args.height,
            width: args.width,
            in_channels: args.in_channels,
            out_height: args.out_height,
            out_width: args.out_width,
            out_channels: args.out_channels,
            kernel_height: args.kernel_height,
            kernel_width: args.kernel_width,
            stride_height: args.stride_height,
            stride_width: args.stride_width,
            pad_top: args.pad_top,
            pad_left: args.pad_left,
            dilation_height: args.dilation_height,
            dilation_width: args.dilation_width,
            partitions,
            unit_pixels: random.int(1, 30),
            unit_depth: 4 * random.int(1, 6),
            unit_channels: case.unit_channels,
        };
        let scratch = args.unit_pixels * (args.unit_depth + args.unit_channels);
        run_chunks(taps_weight::outer_product::<F32x4>, &args, 1 + tried % 4, scratch as usize);
        partials.assert_guards("dw");
        let sums: Vec<f32> = (0..size).map(|i| partials.values().iter().skip(i).step_by(size).sum()).collect();
        assert_close(&sums, expected.values(), 2e-5, &format!("taps {case:?}"));
    }
}

/// A convolution that Winograd's algorithm can do.
fn winograd_case(random: &mut Random) -> Case {
    let mut case = Case::new(random);
    case.size = [random.int(1, 13), random.int(1, 13)];
    case.pad = [random.int(0, 3) as i32 - 1, random.int(0, 2) as i32];
    case.out_size = [random.int(1, 13), random.int(1, 13)];
    (case.kernel, case.stride, case.dilation, case.groups) = ([3, 3], [1, 1], [1, 1], 1);
    (case.channels, case.out_channels) = (4 * random.int(1, 5), 4 * random.int(1, 7));
    case
}

#[test]
fn winograd_2x2_equals_reference() {
    winograd_equals_reference::<F2, 2, 4>(11);
}

#[test]
fn winograd_4x4_equals_reference() {
    winograd_equals_reference::<F4, 4, 6>(13);
}

fn winograd_equals_reference<F: Lines<F32x4, TILE, PATCH>, const TILE: usize, const PATCH: usize>(seed: u64) {
    let positions = (PATCH * PATCH) as u32;
    let mut random = Random(seed);
    for tried in 0..200 {
        let case = winograd_case(&mut random);
        let (unit_tiles, unit_channels) = (random.int(1, 15), case.unit_channels);
        let x = random.buffer((case.pixels() * case.x_stride()) as usize);
        let w = random.buffer((case.taps() * case.out_channels) as usize);
        let bias = random.buffer(case.out_channels as usize);
        let residual_stride = case.out_channels + case.slack[2];
        let residual = random.buffer((case.out_pixels() * residual_stride) as usize);
        let mut packed = Buffer::new((positions * (case.channels * case.out_channels.next_multiple_of(8) + 16)) as usize);
        let pack = GemmPack {
            w: w.ptr(),
            packed: packed.mut_ptr(),
            height: 3,
            width: 3,
            depth: case.channels,
            columns: case.out_channels,
            groups: 1,
            tap_row: (3 * case.channels * case.out_channels) as i32,
            tap_column: (case.channels * case.out_channels) as i32,
            depth_stride: case.out_channels,
            column_stride: 1,
            group_stride: 0,
        };
        run_chunks(winograd::pack::pack::<F32x4, F, TILE, PATCH>, &pack, 3, 0);
        packed.assert_guards("packed");
        let mut y = Random(2).buffer((case.out_pixels() * case.y_stride()) as usize);
        let mut expected = y.clone();
        let mut args = case.forward(&x, &w, &mut expected);
        let epilogue = random.int(0, 7);
        if epilogue & 1 != 0 {
            args.bias = bias.ptr();
        }
        if epilogue & 2 != 0 {
            (args.residual, args.residual_stride) = (residual.ptr(), residual_stride);
        }
        args.relu = epilogue >> 2;
        run_chunks(reference::forward, &args, 1, 0);
        let args = Conv2dWinograd {
            x: args.x,
            x_stride: args.x_stride,
            w: packed.ptr(),
            bias: args.bias,
            residual: args.residual,
            residual_stride: args.residual_stride,
            y: y.mut_ptr(),
            y_stride: args.y_stride,
            batch: args.batch,
            height: args.height,
            width: args.width,
            in_channels: args.in_channels,
            out_height: args.out_height,
            out_width: args.out_width,
            out_channels: args.out_channels,
            pad_top: args.pad_top,
            pad_left: args.pad_left,
            relu: args.relu,
            unit_tiles,
            unit_channels,
            mean: core::ptr::null(),
            gamma: core::ptr::null(),
            rstd: core::ptr::null(),
            beta: core::ptr::null(),
            norm_x: core::ptr::null(),
            norm_x_stride: 0,
            partials: core::ptr::null_mut(),
        };
        let tiles = unit_tiles.next_multiple_of(4);
        let scratch = positions * (tiles * (case.channels + unit_channels.min(32)) + 32 + case.channels);
        run_chunks(winograd::forward::forward::<F32x4, F, TILE, PATCH>, &args, 1 + tried % 4, scratch as usize);
        y.assert_guards("y");
        assert_close(y.values(), expected.values(), 1e-4, &format!("winograd {TILE}×{TILE} {case:?}"));
    }
}

#[test]
fn winograd_outer_product_equals_reference() {
    let mut random = Random(17);
    for tried in 0..200 {
        let case = winograd_case(&mut random);
        let x = random.buffer((case.pixels() * case.x_stride()) as usize);
        let dy = random.buffer((case.out_pixels() * case.y_stride()) as usize);
        let size = (case.taps() * case.out_channels) as usize;
        let tiles = case.batch * case.out_size[0].div_ceil(4) * case.out_size[1].div_ceil(4);
        let unit_tiles = random.int(1, 9);
        let partitions = random.int(1, tiles.div_ceil(unit_tiles).min(4));
        let mut expected = Buffer::new(size);
        let args = case.backward_weight(&x, &dy, &mut expected, 1);
        run_chunks(reference::backward_weight, &args, 1, 0);
        let mut partials = Buffer::new(size * partitions as usize);
        let args = Conv2dWinogradWeight {
            x: args.x,
            x_stride: args.x_stride,
            dy: args.dy,
            dy_stride: args.dy_stride,
            dw: partials.mut_ptr(),
            batch: args.batch,
            height: args.height,
            width: args.width,
            in_channels: args.in_channels,
            out_height: args.out_height,
            out_width: args.out_width,
            out_channels: args.out_channels,
            pad_top: args.pad_top,
            pad_left: args.pad_left,
            partitions,
            unit_tiles,
            unit_channels: case.unit_channels,
            mean: core::ptr::null(),
            gamma: core::ptr::null(),
            rstd: core::ptr::null(),
            beta: core::ptr::null(),
        };
        let width = case.unit_channels.min(case.out_channels.next_multiple_of(8));
        let scratch = 36 * (case.channels * width + 16 + unit_tiles * (case.channels + width) + 32 + case.channels.max(width));
        run_chunks(winograd::backward_weight::outer_product::<F32x4>, &args, 1 + tried % 4, scratch as usize);
        partials.assert_guards("dw");
        let sums: Vec<f32> = (0..size).map(|i| partials.values().iter().skip(i).step_by(size).sum()).collect();
        assert_close(&sums, expected.values(), 2e-4, &format!("winograd outer_product {case:?}"));
    }
}
