//! `dw = xᵀ·dy` for windows of one pixel: a unit's channels are packed, so that the inner loop reads memory in its order.
//!
//! x becomes `[channels / 4][pixels][4]`, dy `[channels / 8][pixels][8]`; sums of a partition are kept in `dw`.

use super::Conv2dPointwiseWeight;
use crate::abi::Task;
use crate::gemm::PANEL;
use crate::gemm::outer::add_outer_products;
use crate::gemm::tiles::LOWEST;
use crate::lanes::Lanes;

/// Pixels that are packed at a time: a cache line of four channels.
const PIXELS: usize = 4;

/// # Safety
/// Pointers cover the tensors; channels are multiples of four, out channels of eight, and `unit_depth` and `unit_channels`
/// too; scratch holds `unit_pixels · (unit_depth + unit_channels)` floats.
#[inline(never)]
pub unsafe fn outer_product<L: Lanes>(a: &Conv2dPointwiseWeight, task: &Task) {
    let (channels, out_channels) = (a.in_channels as usize, a.out_channels as usize);
    let (unit_depth, unit_channels) = (a.unit_depth as usize, a.unit_channels as usize);
    let (bands, ranges) = (channels.div_ceil(unit_depth), out_channels.div_ceil(unit_channels));
    let pixels = (a.batch * a.out_height * a.out_width) as usize;
    for item in task.range(a.partitions * (bands * ranges) as u32) {
        let (row, column) = (item / ranges % bands * unit_depth, item % ranges * unit_channels);
        let (rows, columns) = (unit_depth.min(channels - row), unit_channels.min(out_channels - column));
        let partition = item / ranges / bands;
        let cut = |q: usize| pixels * q / a.partitions as usize;
        let (start, count) = (cut(partition), cut(partition + 1) - cut(partition));
        let units = count.div_ceil(a.unit_pixels as usize);
        // SAFETY: units end with the partition, rows and columns with the channels; the caller vouches for scratch.
        unsafe {
            let dw = a.dw.add((partition * channels + row) * out_channels + column);
            for unit in 0..units {
                let (from, to) = (count * unit / units, count * (unit + 1) / units);
                let panels = task.scratch.add((to - from) * rows);
                pack::<L, 1>(Pixels::of_x(a, start + from), row, to - from, rows, task.scratch);
                pack::<L, 2>(Pixels::of_dy(a, start + from), column, to - from, columns, panels);
                multiply::<L>(task.scratch, panels, to - from, (rows, columns), (dw, out_channels), unit > 0);
            }
        }
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
                add_outer_products::<L, LOWEST>(a, b, pixels, (c.add(row * c_step + column), c_step), accumulate);
            }
        }
    }
}

/// Copies channels to `[channels / 4V][pixels][4V]`.
///
/// # Safety
/// The pixels have the channels, a multiple of 4V; `to` takes them.
#[inline(never)]
unsafe fn pack<L: Lanes, const V: usize>(mut from: Pixels, channel: usize, pixels: usize, channels: usize, to: *mut f32) {
    let (whole, step) = (pixels - pixels % PIXELS, pixels * 4 * V);
    // SAFETY: the caller vouches for pixels and channels.
    unsafe {
        for pixel in (0..whole).step_by(PIXELS) {
            let at = core::array::from_fn(|_| from.next().wrapping_add(channel));
            copy::<L, V, PIXELS>(at, channels, to.add(pixel * 4 * V), step);
        }
        for pixel in whole..pixels {
            copy::<L, V, 1>([from.next().wrapping_add(channel)], channels, to.add(pixel * 4 * V), step);
        }
    }
}

/// # Safety
/// As for [`pack`].
#[inline(always)]
unsafe fn copy<L: Lanes, const V: usize, const P: usize>(from: [*const f32; P], channels: usize, mut to: *mut f32, step: usize) {
    for c in (0..channels).step_by(4 * V) {
        // SAFETY: the caller vouches for pixels and channels.
        unsafe {
            for i in 0..P {
                for v in 0..V {
                    L::load(from[i].add(c + 4 * v)).store(to.add((i * V + v) * 4));
                }
            }
            to = to.add(step);
        }
    }
}

/// The pixels that windows of one pixel read, one after the other.
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
    fn of_x(a: &Conv2dPointwiseWeight, first: usize) -> Self {
        let row = a.width as usize * a.x_stride as usize;
        let steps = [a.height as usize * row, a.stride_height as usize * row, (a.stride_width * a.x_stride) as usize];
        Self::new(a.x, steps, [a.out_height as usize, a.out_width as usize], first)
    }
    fn of_dy(a: &Conv2dPointwiseWeight, first: usize) -> Self {
        let (size, step) = ([a.out_height as usize, a.out_width as usize], a.dy_stride as usize);
        Self::new(a.dy, [size[0] * size[1] * step, size[1] * step, step], size, first)
    }
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
