//! Winograd's F(4×4, 3×3): 36 products for 16 outputs instead of 144 (Lavin & Gray 2016, arXiv:1509.09308).
//!
//! `y = Aᵀ[(G g Gᵀ) ⊙ (Bᵀ d B)]A` with 6×6 patches d of the input that overlap by two. The sum over channels turns ⊙ into
//! 36 matrix products (tiles × in channels)·(in channels × out channels), one for each position of the patch.
//!
//! Interpolation points are 0, ±√½, ±√2 and ∞: half the rounding error of the usual 0, ±1, ±2, ∞ at the same price,
//! because the points are reciprocal in pairs.

use super::Conv2dWinograd;
use crate::abi::Task;
use crate::gemm::{GemmPack, PANEL};
use crate::lanes::Lanes;

/// Rows and columns that a tile writes.
const TILE: usize = 4;
/// Rows and columns that a tile reads.
const PATCH: usize = 6;
/// Positions of a patch, each a matrix product.
const POSITIONS: usize = PATCH * PATCH;
/// Tiles that a product computes together.
const ROWS: usize = 4;
/// Floats between positions beyond their matrix: a cache line, so that 36 positions do not share one cache set.
const GAP: usize = 16;

const A: f32 = core::f32::consts::FRAC_1_SQRT_2;
const B: f32 = core::f32::consts::SQRT_2;

/// Sizes that every step of a unit needs.
#[derive(Clone, Copy)]
struct Sizes {
    tiles_down: usize,
    tiles_across: usize,
    depth: usize,
    /// Floats between positions of the transformed input.
    input_step: usize,
    /// Floats between positions of the products.
    product_step: usize,
    /// Out channels of a range, filled up to whole panels.
    range: usize,
}

/// # Safety
/// Pointers cover the tensors; channels are multiples of four; scratch holds the transformed tiles of a unit, their
/// products for one range of channels, and a patch.
#[inline(never)]
pub unsafe fn forward<L: Lanes>(a: &Conv2dWinograd, task: &Task) {
    let (tiles_down, tiles_across) = (a.out_height.div_ceil(TILE as u32), a.out_width.div_ceil(TILE as u32));
    let tiles = a.batch * tiles_down * tiles_across;
    let unit_tiles = (a.unit_tiles as usize).next_multiple_of(ROWS);
    let range = (a.unit_channels.min(a.out_channels) as usize).next_multiple_of(PANEL);
    let s = Sizes {
        tiles_down: tiles_down as usize,
        tiles_across: tiles_across as usize,
        depth: a.in_channels as usize,
        input_step: unit_tiles * a.in_channels as usize + GAP,
        product_step: unit_tiles * range + GAP,
        range,
    };
    let blocks = (a.out_channels as usize).div_ceil(PANEL);
    // SAFETY: the caller vouches for scratch; units, tiles and channels are in range.
    unsafe {
        let input = task.scratch;
        let product = input.add(POSITIONS * s.input_step);
        let patch = product.add(POSITIONS * s.product_step);
        for unit in task.range(tiles.div_ceil(a.unit_tiles)) {
            let first = unit * a.unit_tiles as usize;
            let count = (a.unit_tiles as usize).min(tiles as usize - first);
            for tile in 0..count {
                read_tile::<L>(a, &s, first + tile, input.add(tile * s.depth), patch);
            }
            for channel in (0..a.out_channels as usize).step_by(range) {
                let panels = range.min(a.out_channels as usize - channel).div_ceil(PANEL);
                for position in 0..POSITIONS {
                    multiply::<L>(
                        input.add(position * s.input_step),
                        a.w.add((position * blocks + channel / PANEL) * PANEL * s.depth),
                        product.add(position * s.product_step),
                        &s,
                        count,
                        panels,
                    );
                }
                for tile in 0..count {
                    write_tile::<L>(a, &s, first + tile, channel, product.add(tile * range));
                }
            }
        }
    }
}

/// Image, row and column of tile `index`, in tiles.
fn place(s: &Sizes, index: usize) -> (usize, usize, usize) {
    let (row, column) = (index / s.tiles_across, index % s.tiles_across);
    (row / s.tiles_down, row % s.tiles_down, column)
}

/// Transforms the patch that a tile reads, by way of a copy where it leaves the image.
///
/// # Safety
/// As for [`forward`].
#[inline(always)]
unsafe fn read_tile<L: Lanes>(a: &Conv2dWinograd, s: &Sizes, index: usize, to: *mut f32, patch: *mut f32) {
    let (image, tile_row, tile_column) = place(s, index);
    let y = (tile_row * TILE) as isize - a.pad_top as isize;
    let x = (tile_column * TILE) as isize - a.pad_left as isize;
    let (height, width, stride) = (a.height as isize, a.width as isize, a.x_stride as usize);
    let inside = |at: isize, size: isize| at >= 0 && at + PATCH as isize <= size;
    let base = a.x.wrapping_offset((image as isize * height * width + y * width + x) * stride as isize);
    // SAFETY: the patch lies inside the image, or only what does is read.
    unsafe {
        if inside(y, height) && inside(x, width) {
            transform_input::<L>(base, a.width as usize * stride, stride, s, to);
            return;
        }
        for i in 0..PATCH {
            for j in 0..PATCH {
                let to = patch.add((i * PATCH + j) * s.depth);
                let (y, x) = (y + i as isize, x + j as isize);
                let live = y >= 0 && y < height && x >= 0 && x < width;
                let from = base.wrapping_add((i * a.width as usize + j) * stride);
                for c in (0..s.depth).step_by(4) {
                    let value = if live { L::load(from.add(c)) } else { L::zero() };
                    value.store(to.add(c));
                }
            }
        }
        transform_input::<L>(patch, PATCH * s.depth, s.depth, s, to);
    }
}

/// `Bᵀ d B` for each four channels.
///
/// # Safety
/// `from` covers a patch at its strides, `to` one tile of all positions.
#[inline(never)]
unsafe fn transform_input<L: Lanes>(from: *const f32, row: usize, column: usize, s: &Sizes, to: *mut f32) {
    for c in (0..s.depth).step_by(4) {
        // SAFETY: the caller vouches for patch and tile.
        unsafe {
            let from = from.add(c);
            let mut rows = [[L::zero(); PATCH]; PATCH];
            for i in 0..PATCH {
                let at = |j: usize| L::load(from.add(i * row + j * column));
                rows[i] = input_line([at(0), at(1), at(2), at(3), at(4), at(5)]);
            }
            let to = to.add(c);
            for j in 0..PATCH {
                let line = input_line([rows[0][j], rows[1][j], rows[2][j], rows[3][j], rows[4][j], rows[5][j]]);
                for i in 0..PATCH {
                    line[i].store(to.add((i * PATCH + j) * s.input_step));
                }
            }
        }
    }
}

/// `Bᵀ d` for one line.
#[inline(always)]
fn input_line<L: Lanes>(d: [L; PATCH]) -> [L; PATCH] {
    let (half, two, both) = (L::splat(0.5), L::splat(2.0), L::splat(2.5));
    let (a, b) = (L::splat(A), L::splat(B));
    let (even_a, odd_a) = (d[4].nmadd(two, d[2]), d[3].nmadd(two, d[1]));
    let (even_b, odd_b) = (d[4].nmadd(half, d[2]), d[3].nmadd(half, d[1]));
    [
        d[0].add(d[4]).nmadd(both, d[2]),
        even_a.madd(a, odd_a),
        even_a.nmadd(a, odd_a),
        even_b.madd(b, odd_b),
        even_b.nmadd(b, odd_b),
        d[1].add(d[5]).nmadd(both, d[3]),
    ]
}

/// Products of one position: tiles times panels.
///
/// # Safety
/// `input` holds the tiles, up to whole fours, `panels` as many panels, `product` takes their product.
#[inline(never)]
unsafe fn multiply<L: Lanes>(input: *const f32, weights: *const f32, product: *mut f32, s: &Sizes, tiles: usize, panels: usize) {
    let depth = s.depth;
    for panel in 0..panels {
        for tile in (0..tiles).step_by(ROWS) {
            // SAFETY: the caller vouches for tiles and panels.
            unsafe {
                let mut b = weights.add(panel * PANEL * depth);
                let mut x = input.add(tile * depth);
                let end = x.add(depth);
                let mut acc = [[L::zero(); 2]; ROWS];
                while x != end {
                    let (b0, b1) = (L::load(b), L::load(b.add(4)));
                    let x0 = L::load_splat(x);
                    acc[0] = [acc[0][0].madd(x0, b0), acc[0][1].madd(x0, b1)];
                    let x1 = L::load_splat(x.add(depth));
                    acc[1] = [acc[1][0].madd(x1, b0), acc[1][1].madd(x1, b1)];
                    let x2 = L::load_splat(x.add(2 * depth));
                    acc[2] = [acc[2][0].madd(x2, b0), acc[2][1].madd(x2, b1)];
                    let x3 = L::load_splat(x.add(3 * depth));
                    acc[3] = [acc[3][0].madd(x3, b0), acc[3][1].madd(x3, b1)];
                    b = b.add(PANEL);
                    x = x.add(1);
                }
                let mut to = product.add(tile * s.range + panel * PANEL);
                for [low, high] in acc {
                    low.store(to);
                    high.store(to.add(4));
                    to = to.add(s.range);
                }
            }
        }
    }
}

/// `Aᵀ m A` for each four channels of a range; then bias, residual and ReLU, and the pixels that exist are stored.
///
/// # Safety
/// As for [`forward`]; `from` is the tile's first product.
#[inline(never)]
unsafe fn write_tile<L: Lanes>(a: &Conv2dWinograd, s: &Sizes, index: usize, channel: usize, from: *const f32) {
    let (image, tile_row, tile_column) = place(s, index);
    let (y, x) = (tile_row * TILE, tile_column * TILE);
    let rows = TILE.min(a.out_height as usize - y);
    let columns = TILE.min(a.out_width as usize - x);
    let width = a.out_width as usize;
    let pixel = (image * a.out_height as usize + y) * width + x;
    for c in (0..s.range.min(a.out_channels as usize - channel)).step_by(4) {
        // SAFETY: rows and columns end with the image, channels with the range.
        unsafe {
            let mut lines = [[L::zero(); TILE]; PATCH];
            for i in 0..PATCH {
                let at = |j: usize| L::load(from.add((i * PATCH + j) * s.product_step + c));
                lines[i] = output_line([at(0), at(1), at(2), at(3), at(4), at(5)]);
            }
            let bias = if a.bias.is_null() { L::zero() } else { L::load(a.bias.add(channel + c)) };
            let to = a.y.add(pixel * a.y_stride as usize + channel + c);
            let residual = a.residual.wrapping_add(pixel * a.residual_stride as usize + channel + c);
            for j in 0..columns {
                let line = |j: usize| output_line([lines[0][j], lines[1][j], lines[2][j], lines[3][j], lines[4][j], lines[5][j]]);
                let line = match j {
                    0 => line(0),
                    1 => line(1),
                    2 => line(2),
                    _ => line(3),
                };
                for (i, value) in line.into_iter().enumerate() {
                    if i < rows {
                        let mut sum = value.add(bias);
                        if !a.residual.is_null() {
                            let at = (i * width + j) * a.residual_stride as usize;
                            sum = sum.add(L::load(residual.add(at)));
                        }
                        if a.relu != 0 {
                            sum = sum.max(L::zero());
                        }
                        sum.store(to.add((i * width + j) * a.y_stride as usize));
                    }
                }
            }
        }
    }
}

/// `Aᵀ m` for one line.
#[inline(always)]
fn output_line<L: Lanes>(m: [L; PATCH]) -> [L; TILE] {
    let (even_a, odd_a) = (m[1].add(m[2]), m[1].sub(m[2]));
    let (even_b, odd_b) = (m[3].add(m[4]), m[3].sub(m[4]));
    [
        m[0].add(even_a).add(even_b),
        odd_a.mul(L::splat(A)).madd(odd_b, L::splat(B)),
        even_a.mul(L::splat(A * A)).madd(even_b, L::splat(B * B)),
        m[5].madd(odd_a, L::splat(A * A * A)).madd(odd_b, L::splat(B * B * B)),
    ]
}

/// Weights: `G g Gᵀ` as panels `[position][⌈columns / 8⌉][depth][8]`, filled up with zeros.
///
/// # Safety
/// As for [`pack`](crate::gemm::pack::pack), with a kernel of 3×3 and one group.
pub unsafe fn pack(p: &GemmPack, task: &Task) {
    let (columns, depth) = (p.columns as usize, p.depth as usize);
    let blocks = columns.div_ceil(PANEL);
    for k in task.range(p.depth) {
        for block in 0..blocks {
            let live = PANEL.min(columns - block * PANEL);
            // SAFETY: taps, depth and columns stay within the matrix and its panels.
            unsafe {
                let from = p.w.add(k * p.depth_stride as usize + block * PANEL * p.column_stride as usize);
                let to = p.packed.add((block * depth + k) * PANEL);
                let tap = |i: usize, j: usize| -> [f32; PANEL] {
                    let from = from.offset(i as isize * p.tap_row as isize + j as isize * p.tap_column as isize);
                    core::array::from_fn(|c| if c < live { *from.add(c * p.column_stride as usize) } else { 0.0 })
                };
                let rows: [_; 3] = core::array::from_fn(|i| weight_line([tap(i, 0), tap(i, 1), tap(i, 2)]));
                for j in 0..PATCH {
                    let line = weight_line([rows[0][j], rows[1][j], rows[2][j]]);
                    for (i, values) in line.into_iter().enumerate() {
                        to.add((i * PATCH + j) * blocks * depth * PANEL).cast::<[f32; PANEL]>().write_unaligned(values);
                    }
                }
            }
        }
    }
}

/// `G g` for one line of eight kernels.
#[inline(always)]
fn weight_line([first, middle, last]: [[f32; PANEL]; 3]) -> [[f32; PANEL]; PATCH] {
    let point = |x: f32, scale: f32| -> [f32; PANEL] {
        core::array::from_fn(|c| scale * (first[c] + x * x * last[c]) + scale * x * middle[c])
    };
    let (a, b) = (-2.0 / 3.0, 1.0 / 6.0);
    [first, point(A, a), point(-A, a), point(B, b), point(-B, b), last]
}
