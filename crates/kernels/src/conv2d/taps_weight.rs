//! `dw[tap] = xᵀ·dy` over the pixels whose tap lies in the image, a tap at a time: a unit's channels are packed, so that the
//! inner loop reads memory in its order.
//!
//! x becomes `[channels / 4][pixels][4]`, dy `[⌈channels / PANEL⌉][pixels][PANEL]`; sums of a partition are kept in `dw`.

use super::{Conv2dTapsWeight, ConvGeometry};
use crate::abi::Task;
use crate::gemm::PANEL;
use crate::gemm::outer::add_outer_products;
use crate::gemm::tiles::LOWEST;
use crate::gemm::tiles::is_half;
use crate::lanes::{F32x4, Lanes};
use crate::loops::{load_all, store_all};

/// Pixels that are packed at a time: a cache line of four channels.
const PIXELS: usize = 4;

/// # Safety
/// Pointers cover the tensors; channels and `unit_depth` are multiples of four, out channels of eight, `unit_channels` of sixteen;
/// scratch holds `unit_pixels · (unit_depth + unit_channels)` floats.
#[inline(never)]
pub unsafe fn outer_product<L: Lanes>(a: &Conv2dTapsWeight, task: &Task) {
    let (channels, out_channels) = (a.geometry.in_channels as usize, a.geometry.out_channels as usize);
    let (unit_depth, unit_channels) = (a.unit_depth as usize, a.unit_channels as usize);
    let (bands, ranges) = (channels.div_ceil(unit_depth), out_channels.div_ceil(unit_channels));
    let taps = a.geometry.kernel_height * a.geometry.kernel_width;
    for item in task.range(a.partitions * taps * (bands * ranges) as u32) {
        let (row, column) = (item / ranges % bands * unit_depth, item % ranges * unit_channels);
        let (rows, columns) = (unit_depth.min(channels - row), unit_channels.min(out_channels - column));
        let (tap, partition) = (item / ranges / bands % taps as usize, item / ranges / bands / taps as usize);
        let window = Window::new(&a.geometry, tap as u32);
        let pixels = a.geometry.batch as usize * window.size[0] * window.size[1];
        let cut = |q: usize| pixels * q / a.partitions as usize;
        let (start, count) = (cut(partition), cut(partition + 1) - cut(partition));
        let units = count.div_ceil(a.unit_pixels as usize);
        // SAFETY: units end with the partition, rows and columns with the channels; the caller vouches for scratch.
        unsafe {
            let dw = a.dw.add(((partition * taps as usize + tap) * channels + row) * out_channels + column);
            if count == 0 {
                zero(dw, out_channels, rows, columns);
            }
            for unit in 0..units {
                let (from, to) = (count * unit / units, count * (unit + 1) / units);
                let panels = task.scratch.add((to - from) * rows);
                pack::<F32x4, 1>(window.of_x(a, start + from), row, to - from, rows, task.scratch);
                pack::<L, 2>(window.of_dy(a, start + from), column, to - from, columns, panels);
                multiply::<L>(task.scratch, panels, to - from, (rows, columns), (dw, out_channels), unit > 0);
            }
        }
    }
}

/// A tap that no pixel reaches.
///
/// # Safety
/// Rows and columns exist.
unsafe fn zero(dw: *mut f32, step: usize, rows: usize, columns: usize) {
    for row in 0..rows {
        // SAFETY: the caller vouches for rows and columns.
        unsafe { dw.add(row * step).write_bytes(0, columns) };
    }
}

/// `c (+)= aᵀ·b` for packed channels.
///
/// # Safety
/// Both hold `pixels` pixels of as many channels as c has rows and columns.
#[inline(never)]
unsafe fn multiply<L: Lanes>(
    a: *const f32,
    b: *const f32,
    pixels: usize,
    (rows, columns): (usize, usize),
    (c, c_step): (*mut f32, usize),
    accumulate: bool,
) {
    for row in (0..rows).step_by(LOWEST) {
        for column in (0..columns).step_by(PANEL) {
            // SAFETY: rows and columns are in range.
            unsafe {
                let (a, b) = ((a.add(row * pixels), LOWEST), (b.add(column * pixels), PANEL));
                let c = (c.add(row * c_step + column), c_step);
                if is_half(columns - column) {
                    add_outer_products::<L, LOWEST, 1>(a, b, pixels, c, accumulate);
                } else {
                    add_outer_products::<L, LOWEST, 2>(a, b, pixels, c, accumulate);
                }
            }
        }
    }
}

/// Copies channels to `[channels / (V·WIDTH)][pixels][V·WIDTH]`; the last of them may have half as many, and a gap.
///
/// # Safety
/// The pixels have the channels, a multiple of `V·WIDTH` or of half of it; `to` takes them, and a gap.
#[inline(never)]
unsafe fn pack<L: Lanes, const V: usize>(mut from: Pixels, channel: usize, pixels: usize, channels: usize, to: *mut f32) {
    let width = V * L::WIDTH;
    let (whole, step) = (pixels - pixels % PIXELS, pixels * width);
    // SAFETY: the caller vouches for pixels and channels.
    unsafe {
        for pixel in (0..whole).step_by(PIXELS) {
            let at = core::array::from_fn(|_| from.next().wrapping_add(channel));
            copy::<L, V, PIXELS>(at, channels, to.add(pixel * width), step);
        }
        for pixel in whole..pixels {
            copy::<L, V, 1>([from.next().wrapping_add(channel)], channels, to.add(pixel * width), step);
        }
    }
}

/// # Safety
/// As for [`pack`].
#[inline(always)]
unsafe fn copy<L: Lanes, const V: usize, const P: usize>(from: [*const f32; P], channels: usize, mut to: *mut f32, step: usize) {
    let width = V * L::WIDTH;
    for c in (0..channels).step_by(width) {
        // SAFETY: the caller vouches for pixels and channels.
        unsafe {
            for i in 0..P {
                if L::WIDTH == 4 || c + width <= channels {
                    store_all(load_all::<L, V>(from[i].add(c)), to.add(i * width));
                } else {
                    L::load(from[i].add(c)).store(to.add(i * width));
                }
            }
            to = to.add(step);
        }
    }
}

/// The outputs whose window has a tap in the image: a rectangle of each image.
struct Window {
    /// Row and column of the first of them, and of the pixel of x that the tap reads for it.
    first: [usize; 2],
    first_x: [usize; 2],
    size: [usize; 2],
}

impl Window {
    fn new(g: &ConvGeometry, tap: u32) -> Self {
        let axis = |tap: u32, size: u32, out: u32, stride: u32, pad: i32, dilation: u32| {
            let shift = (tap * dilation) as i64 - pad as i64;
            let (stride, end) = (stride as i64, size as i64 - shift);
            let first = ((-shift).max(0) + stride - 1) / stride;
            let last = ((end + stride - 1).max(0) / stride).min(out as i64);
            (first as usize, (first * stride + shift) as usize, (last - first).max(0) as usize)
        };
        let (row, column) = (tap / g.kernel_width, tap % g.kernel_width);
        let y = axis(row, g.height, g.out_height, g.stride_height, g.pad_top, g.dilation_height);
        let x = axis(column, g.width, g.out_width, g.stride_width, g.pad_left, g.dilation_width);
        Self { first: [y.0, x.0], first_x: [y.1, x.1], size: [y.2, x.2] }
    }
    fn of_x(&self, a: &Conv2dTapsWeight, pixel: usize) -> Pixels {
        let (g, step) = (&a.geometry, a.x_stride as usize);
        let row = g.width as usize * step;
        let steps = [g.height as usize * row, g.stride_height as usize * row, g.stride_width as usize * step];
        let first = a.x.wrapping_add(self.first_x[0] * row + self.first_x[1] * step);
        Pixels::new(first, steps, self.size, pixel)
    }
    fn of_dy(&self, a: &Conv2dTapsWeight, pixel: usize) -> Pixels {
        let (step, row) = (a.dy_stride as usize, a.geometry.out_width as usize * a.dy_stride as usize);
        let first = a.dy.wrapping_add(self.first[0] * row + self.first[1] * step);
        Pixels::new(first, [a.geometry.out_height as usize * row, row, step], self.size, pixel)
    }
}

/// The pixels of a rectangle of each image, one after the other.
struct Pixels {
    pixel: *const f32,
    /// Rows of the image and columns of the row that are left.
    rows: usize,
    columns: usize,
    size: [usize; 2],
    /// Floats from pixel to pixel, from the end of a row to the next and from the end of an image to the next.
    step: usize,
    row_gap: usize,
    image_gap: usize,
}

impl Pixels {
    fn new(x: *const f32, [image, row, step]: [usize; 3], size: [usize; 2], first: usize) -> Self {
        let (i, j, k) = (first / size[1] / size[0], first / size[1] % size[0], first % size[1]);
        Self {
            pixel: x.wrapping_add(i * image + j * row + k * step),
            rows: size[0] - j,
            columns: size[1] - k,
            size,
            step,
            row_gap: row.wrapping_sub(size[1] * step),
            image_gap: image.wrapping_sub(size[0] * row),
        }
    }
    #[inline(always)]
    fn next(&mut self) -> *const f32 {
        let pixel = self.pixel;
        self.pixel = pixel.wrapping_add(self.step);
        self.columns -= 1;
        if self.columns == 0 {
            self.columns = self.size[1];
            self.pixel = self.pixel.wrapping_add(self.row_gap);
            self.rows -= 1;
            if self.rows == 0 {
                self.rows = self.size[0];
                self.pixel = self.pixel.wrapping_add(self.image_gap);
            }
        }
        pixel
    }
}
