use super::*;
use crate::abi::Task;
use crate::conv2d::{Conv2dBackwardInput, Norm, reference};
use crate::lanes::{F32x4, Pair};
use crate::testing::{Buffer, Random, assert_close, run_chunks};

const NO_NORM: Norm =
    Norm { mean: core::ptr::null(), gamma: core::ptr::null(), rstd: core::ptr::null(), beta: core::ptr::null() };

/// A random convolution and its tensors; kernels with tiles of their own come often, maps meet one tile or several.
#[derive(Debug)]
struct Case {
    geometry: ConvGeometry,
    strides: [u32; 3],
    unit_rows: u32,
    unit_channels: u32,
}

impl Case {
    fn new(random: &mut Random) -> Self {
        loop {
            let square = random.int(0, 2) > 0;
            let side = [1, 2, 3, 3, 5, 5, 7][random.int(0, 6) as usize];
            let kernel = if square { [side; 2] } else { [random.int(1, 7), random.int(1, 7)] };
            let stride = if square { [random.int(1, 2); 2] } else { [random.int(1, 3), random.int(1, 3)] };
            let dilation = if random.int(0, 2) == 0 { [random.int(1, 3), random.int(1, 3)] } else { [1, 1] };
            let [size, before, after] =
                [(1, 23), (0, 4), (0, 4)].map(|(low, high)| [random.int(low, high), random.int(low, high)]);
            let out = [0, 1].map(|i| {
                let padded = size[i] + before[i] + after[i];
                padded.checked_sub((kernel[i] - 1) * dilation[i] + 1).map(|free| free / stride[i] + 1)
            });
            let [Some(out_height), Some(out_width)] = out else { continue };
            let channels = random.int(1, 45);
            let geometry = ConvGeometry {
                batch: random.int(1, 3),
                height: size[0],
                width: size[1],
                in_channels: channels,
                out_height,
                out_width,
                out_channels: channels,
                kernel_height: kernel[0],
                kernel_width: kernel[1],
                stride_height: stride[0],
                stride_width: stride[1],
                pad_top: before[0] as i32,
                pad_left: before[1] as i32,
                dilation_height: dilation[0],
                dilation_width: dilation[1],
                groups: channels,
            };
            return Self {
                geometry,
                strides: [0; 3].map(|_| channels + random.int(0, 2)),
                unit_rows: random.int(1, 9),
                unit_channels: 16 * random.int(1, 3),
            };
        }
    }
    fn taps(&self) -> usize {
        (self.geometry.kernel_height * self.geometry.kernel_width) as usize
    }
    /// Floats of zeros and tables, whose pointers are two floats here.
    fn scratch(&self) -> usize {
        let g = &self.geometry;
        let [height, width] = [g.kernel_height, g.kernel_width].map(|size| size as usize);
        let rows = height * (4 * width + 12);
        let tiles = g.out_width.div_ceil(4) as usize * (4 + height.min(3) * (6 + width));
        self.unit_channels as usize + 2 * rows.max(tiles)
    }
    fn x(&self, random: &mut Random) -> Buffer {
        random.buffer((self.geometry.pixels() * self.strides[0]) as usize)
    }
    fn y(&self, random: &mut Random) -> Buffer {
        random.buffer((self.geometry.out_pixels() * self.strides[1]) as usize)
    }
    fn w(&self, random: &mut Random) -> Buffer {
        random.buffer(self.taps() * self.geometry.in_channels as usize)
    }
}

/// Runs the case by pairs of vectors and by single ones, which must give the same bits.
fn both<A>(kernels: [unsafe fn(&A, &Task); 2], case: &Case, chunks: u32, args: impl Fn(&mut Buffer) -> A, y: &Buffer) -> Buffer {
    let [wide, single] = kernels.map(|kernel| {
        let mut y = y.clone();
        run_chunks(kernel, &args(&mut y), chunks, case.scratch());
        y.assert_guards("output");
        y
    });
    assert_eq!(wide.bits(), single.bits(), "pairs and single vectors: {case:?}");
    wide
}

#[test]
fn forward_equals_reference() {
    let mut random = Random(7);
    for tried in 0..400 {
        let case = Case::new(&mut random);
        let g = case.geometry;
        let (x, w, y) = (case.x(&mut random), case.w(&mut random), case.y(&mut random));
        let bias = random.buffer(g.in_channels as usize);
        let residual = random.buffer((g.out_pixels() * case.strides[2]) as usize);
        let args = |y: &mut Buffer| Conv2dForward {
            x: x.ptr(),
            x_stride: case.strides[0],
            w: w.ptr(),
            bias: if tried & 1 == 0 { core::ptr::null() } else { bias.ptr() },
            residual: if tried & 2 == 0 { core::ptr::null() } else { residual.ptr() },
            residual_stride: case.strides[2],
            y: y.mut_ptr(),
            y_stride: case.strides[1],
            y_column: 1,
            y_row: g.out_width,
            y_image: g.out_height * g.out_width,
            geometry: g,
            relu: (tried >> 2) & 1,
            most: if tried % 16 < 8 { f32::INFINITY } else { 0.5 },
            unit_images: 1,
            unit_rows: case.unit_rows,
            unit_channels: case.unit_channels,
            norm: NO_NORM,
        };
        let actual = both([forward::forward::<Pair<F32x4>>, forward::forward::<F32x4>], &case, 1 + tried % 5, args, &y);
        let mut expected = y.clone();
        run_chunks(reference::forward, &args(&mut expected), 1, 0);
        assert_close(actual.values(), expected.values(), 2e-5, &format!("forward {case:?}"));
    }
}

#[test]
fn input_gradient_equals_reference() {
    let mut random = Random(11);
    for tried in 0..400 {
        let case = Case::new(&mut random);
        let g = case.geometry;
        let (dx, w, dy) = (case.x(&mut random), case.w(&mut random), case.y(&mut random));
        let residual = random.buffer((g.pixels() * case.strides[2]) as usize);
        let bias = random.buffer(g.in_channels as usize);
        let [with_residual, with_bias] = [tried % 2 == 1, tried % 4 > 1];
        let args = |dx: &mut Buffer| DepthwiseBackwardInput {
            dy: dy.ptr(),
            dy_stride: case.strides[1],
            w: w.ptr(),
            bias: if with_bias { bias.ptr() } else { core::ptr::null() },
            residual: if with_residual { residual.ptr() } else { core::ptr::null() },
            residual_stride: case.strides[2],
            dx: dx.mut_ptr(),
            dx_stride: case.strides[0],
            geometry: g,
            unit_rows: case.unit_rows,
            unit_channels: case.unit_channels,
        };
        let kernels = [backward_input::backward_input::<Pair<F32x4>>, backward_input::backward_input::<F32x4>];
        let actual = both(kernels, &case, 1 + tried % 5, args, &dx);
        let mut expected = dx.clone();
        let reference = Conv2dBackwardInput {
            dy: dy.ptr(),
            dy_stride: case.strides[1],
            w: w.ptr(),
            dx: expected.mut_ptr(),
            dx_stride: case.strides[0],
            geometry: g,
        };
        run_chunks(reference::backward_input, &reference, 1, 0);
        for (pixel, c) in (0..g.pixels() as usize).flat_map(|p| (0..g.in_channels as usize).map(move |c| (p, c))) {
            let at = |stride: u32| pixel * stride as usize + c;
            let dx = &mut expected.values_mut()[at(case.strides[0])];
            *dx += if with_bias { bias.values()[c] } else { 0.0 };
            *dx += if with_residual { residual.values()[at(case.strides[2])] } else { 0.0 };
        }
        assert_close(actual.values(), expected.values(), 2e-5, &format!("input gradient {case:?}"));
    }
}

#[test]
fn weight_gradient_equals_reference() {
    let mut random = Random(5);
    for tried in 0..400 {
        let case = Case::new(&mut random);
        let g = case.geometry;
        let (x, dy) = (case.x(&mut random), case.y(&mut random));
        let size = case.taps() * g.in_channels as usize;
        let partitions = random.int(1, 4.min(g.batch * g.out_height));
        let args = |partitions: u32, dw: &mut Buffer| Conv2dBackwardWeight {
            x: x.ptr(),
            x_stride: case.strides[0],
            dy: dy.ptr(),
            dy_stride: case.strides[1],
            dw: dw.mut_ptr(),
            geometry: g,
            copied_pixel: 0,
            partitions,
            unit_images: 1,
            unit_rows: 1,
            unit_channels: case.unit_channels,
        };
        let kernels = [backward_weight::backward_weight::<Pair<F32x4>>, backward_weight::backward_weight::<F32x4>];
        let partials = both(kernels, &case, 1 + tried % 4, |dw| args(partitions, dw), &Buffer::new(size * partitions as usize));
        let sums: Vec<f32> = (0..size).map(|i| partials.values().iter().skip(i).step_by(size).sum()).collect();
        let mut expected = Buffer::new(size);
        run_chunks(reference::backward_weight, &args(1, &mut expected), 1, 0);
        assert_close(&sums, expected.values(), 2e-5, &format!("weight gradient {case:?}"));
    }
}

#[test]
fn taps_inside_are_those_whose_pixel_is_there() {
    for (at, kernel, dilation, size) in [(-3, 7, 2, 4), (0, 3, 1, 2), (-9, 3, 1, 5), (6, 3, 2, 5), (-1, 3, 3, 9), (4, 2, 1, 9)] {
        let inside = |&tap: &usize| (0..size as isize).contains(&(at + (tap * dilation) as isize));
        let expected: Vec<usize> = (0..kernel).filter(inside).collect();
        assert_eq!(taps_inside(at, kernel, dilation, size).collect::<Vec<_>>(), expected, "from {at}");
    }
}
