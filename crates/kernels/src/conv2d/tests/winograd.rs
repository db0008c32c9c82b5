use super::super::winograd::{F2, F4, Lines, StridedF2, UnscaledF4};
use super::super::*;
use super::case::{Case, NO_NORM};
use crate::abi::Task;
use crate::gemm::{PANEL, tiles};
use crate::lanes::{Lanes, Vector};
use crate::testing::{Buffer, Random, assert_close, run_chunks};

/// Floats between the two halves of a transform, for each position.
const BETWEEN: u32 = Vector::WIDTH as u32;

/// A convolution that Winograd's algorithm can do.
pub fn winograd_case(random: &mut Random) -> Case {
    let mut case = Case::new(random);
    case.size = [random.int(1, 13), random.int(1, 13)];
    case.pad = [random.int(0, 3) as i32 - 1, random.int(0, 2) as i32];
    case.out_size = [random.int(1, 13), random.int(1, 13)];
    (case.kernel, case.stride, case.dilation, case.groups) = ([3, 3], [1, 1], [1, 1], 1);
    let deep = random.int(0, 9) == 0;
    (case.channels, case.out_channels) = (4 * random.int(1, if deep { 70 } else { 5 }), 4 * random.int(1, 7));
    case
}

/// Weights `[3, 3, C, O]`, transformed.
pub fn pack<F: Lines<TILE, PATCH>, const TILE: usize, const PATCH: usize>(case: &Case, w: &Buffer) -> Buffer {
    pack_scaled::<F, TILE, PATCH>(case, w, core::ptr::null())
}

/// Weights `[3, 3, C, O]` times `[O]`, which may be null, transformed.
fn pack_scaled<F: Lines<TILE, PATCH>, const TILE: usize, const PATCH: usize>(
    case: &Case,
    w: &Buffer,
    scale: *const f32,
) -> Buffer {
    let columns = case.out_channels.next_multiple_of(PANEL as u32);
    let positions = (PATCH * PATCH) as u32;
    let mut packed = Buffer::new((positions * (case.channels * columns + 16)) as usize);
    let args = crate::gemm::GemmPack { scale, ..case.pack_args(w, &mut packed) };
    run_chunks(winograd::pack::pack::<Vector, F, TILE, PATCH>, &args, 3, 0);
    packed.assert_guards("packed");
    packed
}

/// The convolution alone.
pub fn winograd_args(case: &Case, x: &Buffer, packed: &Buffer, y: &mut Buffer) -> Conv2dWinograd {
    Conv2dWinograd {
        x: x.ptr(),
        x_stride: case.x_stride(),
        w: packed.ptr(),
        bias: core::ptr::null(),
        residual: core::ptr::null(),
        residual_stride: 0,
        y: y.mut_ptr(),
        y_stride: case.y_stride(),
        geometry: case.geometry(),
        relu: 0,
        unit_tiles: 8,
        unit_channels: case.unit_channels,
        norm: NO_NORM,
        norm_x: core::ptr::null(),
        norm_x_stride: 0,
        partials: core::ptr::null_mut(),
    }
}

pub fn winograd_scratch(case: &Case, positions: u32, unit_tiles: u32, lean: bool) -> usize {
    let row_count = unit_tiles.next_multiple_of(4);
    let weights = if lean { 2 * (128 * 8 + 16) } else { 0 } + BETWEEN;
    (positions * (row_count * (case.channels + 32 + case.unit_channels.max(16)) + weights + 32 + case.channels)) as usize
}

#[test]
fn winograd_2x2_equals_reference() {
    winograd_equals_reference::<F2, 2, 4>(11, None);
}

#[test]
fn strided_winograd_2x2_equals_reference() {
    winograd_equals_reference::<StridedF2, 2, 5>(23, None);
}

#[test]
fn winograd_4x4_equals_reference() {
    winograd_equals_reference::<F4, 4, 6>(13, None);
}

#[test]
fn lean_winograd_4x4_equals_reference() {
    winograd_equals_reference::<F4, 4, 6>(19, Some(winograd::lean::forward::<Vector, UnscaledF4, 4, 6>));
}

#[test]
fn lean_strided_winograd_2x2_equals_reference() {
    winograd_equals_reference::<StridedF2, 2, 5>(29, Some(winograd::lean::forward::<Vector, StridedF2, 2, 5>));
}

/// By the kernel that transforms weights where it multiplies, if there is one.
fn winograd_equals_reference<F: Lines<TILE, PATCH>, const TILE: usize, const PATCH: usize>(
    seed: u64,
    lean_kernel: Option<unsafe fn(&Conv2dWinograd, &Task)>,
) {
    let lean = lean_kernel.is_some();
    let positions = (PATCH * PATCH) as u32;
    let mut random = Random(seed);
    for tried in 0..200 {
        let case = Case { stride: [F::STRIDE as u32; 2], ..winograd_case(&mut random) };
        let unit_tiles = random.int(1, 15);
        let x = random.buffer((case.pixels() * case.x_stride()) as usize);
        let w = random.buffer((case.taps() * case.out_channels) as usize);
        let bias = random.buffer(case.out_channels as usize);
        let residual_stride = case.out_channels + case.slack[2];
        let residual = random.buffer((case.out_pixels() * residual_stride) as usize);
        let packed = if lean { case.pack(&w) } else { pack::<F, TILE, PATCH>(&case, &w) };
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
            bias: args.bias,
            residual: args.residual,
            residual_stride: args.residual_stride,
            relu: args.relu,
            unit_tiles,
            ..winograd_args(&case, &x, &packed, &mut y)
        };
        let scratch = winograd_scratch(&case, positions, unit_tiles, lean);
        tiles::set_high(tried % 2 == 0);
        let kernel = lean_kernel.unwrap_or(winograd::forward::forward::<Vector, F, TILE, PATCH>);
        run_chunks(kernel, &args, 1 + tried % 4, scratch);
        y.assert_guards("y");
        assert_close(y.values(), expected.values(), 1e-4, &format!("winograd {TILE}×{TILE} lean {lean} {case:?}"));
    }
}

pub fn weight_scratch(case: &Case, unit_tiles: u32) -> usize {
    let width = case.unit_channels.min(case.out_channels.next_multiple_of(PANEL as u32));
    let tiles = unit_tiles * (case.channels + width);
    (36 * (case.channels * width + 16 + tiles + 32 + BETWEEN + case.channels.max(width))) as usize
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
            geometry: args.geometry,
            partitions,
            unit_tiles,
            unit_channels: case.unit_channels,
            norm: NO_NORM,
        };
        let scratch = weight_scratch(&case, unit_tiles);
        tiles::set_high(tried % 2 == 0);
        run_chunks(winograd::backward_weight::outer_product::<Vector>, &args, 1 + tried % 4, scratch);
        partials.assert_guards("dw");
        let sums: Vec<f32> = (0..size).map(|i| partials.values().iter().skip(i).step_by(size).sum()).collect();
        assert_close(&sums, expected.values(), 2e-4, &format!("winograd outer_product {case:?}"));
    }
}

/// `G g Gᵀ` in f64. A line of G is a polynomial's value at a point, `scale·[1, p, p²]`, or its last coefficient.
struct Transform(Vec<[f64; 3]>);

impl Transform {
    /// Point and scale of each line but the last, whose point is ∞.
    fn at(points: &[(f64, f64)]) -> Self {
        let lines = points.iter().map(|&(p, scale)| [scale, scale * p, scale * p * p]);
        Self(lines.chain([[0.0, 0.0, 1.0]]).collect())
    }
    fn of(&self, g: impl Fn(usize, usize) -> f64, i: usize, j: usize) -> f64 {
        let terms = (0..3).flat_map(|a| (0..3).map(move |b| (a, b)));
        terms.map(|(a, b)| self.0[i][a] * g(a, b) * self.0[j][b]).sum()
    }
}

/// Weights of a position in slices of 128 in channels, each a panel after the other, as the module says.
fn pack_equals_formula<F: Lines<TILE, PATCH>, const TILE: usize, const PATCH: usize>(transform: &Transform) {
    let mut random = Random(47);
    for _ in 0..30 {
        let case = winograd_case(&mut random);
        let [depth, columns] = [case.channels, case.out_channels].map(|v| v as usize);
        let (w, scale) = (random.buffer(9 * depth * columns), random.buffer(columns));
        let packed = pack_scaled::<F, TILE, PATCH>(&case, &w, scale.ptr());
        let width = columns.next_multiple_of(PANEL);
        for (k, column) in (0..depth).flat_map(|k| (0..width).map(move |column| (k, column))) {
            let tap = |a: usize, b: usize| {
                w.values()[((3 * a + b) * depth + k) * columns + column] as f64 * scale.values()[column] as f64
            };
            let slice = k / 128 * 128;
            let panel = slice * width + column / PANEL * PANEL * 128.min(depth - slice);
            let place = panel + (k - slice) * PANEL + column % PANEL;
            for (i, j) in (0..PATCH).flat_map(|i| (0..PATCH).map(move |j| (i, j))) {
                let actual = packed.values()[(j * PATCH + i) * (depth * width + 16) + place];
                let expected = if column < columns { transform.of(tap, i, j) as f32 } else { 0.0 };
                assert_close(&[actual], &[expected], 1e-6, &format!("position {i}, {j} of {case:?}"));
            }
        }
    }
}

#[test]
fn packed_2x2_equals_formula() {
    pack_equals_formula::<F2, 2, 4>(&Transform::at(&[(0.0, 1.0), (1.0, 0.5), (-1.0, 0.5)]));
}

#[test]
fn packed_4x4_equals_formula() {
    let [a, b] = [core::f64::consts::FRAC_1_SQRT_2, core::f64::consts::SQRT_2];
    let scale = |p: f64| [0.0, a, -a, b, -b].into_iter().filter(|&q| q != p).map(|q| 1.0 / (p - q)).product::<f64>();
    pack_equals_formula::<F4, 4, 6>(&Transform::at(&[0.0, a, -a, b, -b].map(|p| (p, scale(p)))));
}

#[test]
fn packed_2x2_strided_equals_formula() {
    let lines = [[1.0, 0.0, 0.0], [1.0, 0.0, 1.0], [0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [0.0, 1.0, 0.0]];
    pack_equals_formula::<StridedF2, 2, 5>(&Transform(lines.to_vec()));
}
