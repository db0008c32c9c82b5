//! How a pass is cut into units of work, and the tables that turn a unit into a matrix product.

use super::{Conv2dBackwardWeight, Conv2dForward, ConvGeometry};

/// A convolution's geometry as counts, whichever the pass.
#[derive(Clone, Copy)]
pub struct Window {
    pub x: *const f32,
    pub x_stride: usize,
    pub batch: usize,
    pub height: usize,
    pub width: usize,
    /// Input channels of a group.
    pub depth: usize,
    pub out_height: usize,
    pub out_width: usize,
    pub kernel: [usize; 2],
    pub stride: [usize; 2],
    pub pad: [isize; 2],
    pub dilation: [usize; 2],
    pub groups: usize,
    pub unit_images: usize,
    pub unit_rows: usize,
}

impl Window {
    fn new(x: *const f32, x_stride: u32, g: &ConvGeometry, unit_images: u32, unit_rows: u32) -> Self {
        Self {
            x,
            x_stride: x_stride as usize,
            batch: g.batch as usize,
            height: g.height as usize,
            width: g.width as usize,
            depth: (g.in_channels / g.groups) as usize,
            out_height: g.out_height as usize,
            out_width: g.out_width as usize,
            kernel: [g.kernel_height as usize, g.kernel_width as usize],
            stride: [g.stride_height as usize, g.stride_width as usize],
            pad: [g.pad_top as isize, g.pad_left as isize],
            dilation: [g.dilation_height as usize, g.dilation_width as usize],
            groups: g.groups as usize,
            unit_images: unit_images as usize,
            unit_rows: unit_rows as usize,
        }
    }
}

impl From<&Conv2dForward> for Window {
    fn from(a: &Conv2dForward) -> Self {
        Self::new(a.x, a.x_stride, &a.geometry, a.unit_images, a.unit_rows)
    }
}

impl From<&Conv2dBackwardWeight> for Window {
    fn from(a: &Conv2dBackwardWeight) -> Self {
        Self::new(a.x, a.x_stride, &a.geometry, a.unit_images, a.unit_rows)
    }
}

/// Some rows of some images, as many as there are.
#[derive(Clone, Copy, PartialEq)]
pub struct Unit {
    pub image: usize,
    pub images: usize,
    pub row: usize,
    pub rows: usize,
}

impl Window {
    /// Rows of B: taps times channels.
    pub fn taps(&self) -> usize {
        self.kernel[0] * self.kernel[1] * self.depth
    }
    pub fn bands(&self) -> usize {
        self.out_height.div_ceil(self.unit_rows)
    }
    /// Units of one group: groups of images times bands of rows.
    pub fn units(&self) -> usize {
        self.batch.div_ceil(self.unit_images) * self.bands()
    }
    pub fn unit(&self, index: usize) -> Unit {
        let (image, row) = (index / self.bands() * self.unit_images, index % self.bands() * self.unit_rows);
        Unit { image, images: self.unit_images.min(self.batch - image), row, rows: self.unit_rows.min(self.out_height - row) }
    }
    /// Output pixels of a whole unit.
    pub fn unit_pixels(&self) -> usize {
        self.unit_images * self.unit_rows * self.out_width
    }
    /// Padded input rows that `rows` rows of output read.
    pub fn padded_rows(&self, rows: usize) -> usize {
        (rows - 1) * self.stride[0] + self.kernel[0].saturating_sub(1) * self.dilation[0] + 1
    }
    pub fn padded_width(&self) -> usize {
        (self.out_width - 1) * self.stride[1] + self.kernel[1].saturating_sub(1) * self.dilation[1] + 1
    }
}

/// Where the input pixels of a unit lie: steps in floats.
#[derive(Clone, Copy)]
pub struct Layout {
    pub image: usize,
    pub row: usize,
    pub pixel: usize,
}

impl Layout {
    /// Pixels of x itself.
    pub fn in_place(w: &Window) -> Self {
        Self { image: w.height * w.width * w.x_stride, row: w.width * w.x_stride, pixel: w.x_stride }
    }
    /// Padded rows that were copied for `rows` rows of output, `pixel` floats from pixel to pixel.
    pub fn padded(w: &Window, rows: usize, pixel: usize) -> Self {
        let row = w.padded_width() * pixel;
        Self { image: w.padded_rows(rows) * row, row, pixel }
    }
    /// Bytes between the windows of neighbouring outputs.
    pub fn steps(&self, w: &Window) -> Steps {
        Steps { image: 4 * self.image, row: 4 * self.row * w.stride[0], column: 4 * self.pixel * w.stride[1] }
    }
}

/// Byte offsets of taps from the start of a window.
///
/// # Safety
/// `table` takes [`Window::taps`] words.
pub unsafe fn tap_offsets(w: &Window, layout: &Layout, mut table: *mut u32) {
    for kh in 0..w.kernel[0] {
        for kw in 0..w.kernel[1] {
            let start = kh * w.dilation[0] * layout.row + kw * w.dilation[1] * layout.pixel;
            for c in 0..w.depth {
                // SAFETY: one word for each tap.
                unsafe {
                    *table = 4 * (start + c) as u32;
                    table = table.add(1);
                }
            }
        }
    }
}

/// Steps between neighbours in a table of pixels.
#[derive(Clone, Copy)]
pub struct Steps {
    pub image: usize,
    pub row: usize,
    pub column: usize,
}

/// `image·i + row·j + column·k` for each output pixel of a unit, repeated up to a multiple of four; returns their number.
///
/// # Safety
/// `table` takes that many words.
pub unsafe fn pixel_table(w: &Window, unit: &Unit, steps: Steps, table: *mut u32) -> usize {
    let mut count = 0;
    // SAFETY: one word for each pixel, then three at most.
    unsafe {
        for image in 0..unit.images {
            for row in 0..unit.rows {
                let mut value = image * steps.image + row * steps.row;
                for _ in 0..w.out_width {
                    *table.add(count) = value as u32;
                    value += steps.column;
                    count += 1;
                }
            }
        }
        for extra in count..count.next_multiple_of(4) {
            *table.add(extra) = *table.add(count - 1);
        }
    }
    count
}
