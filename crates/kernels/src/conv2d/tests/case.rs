use super::super::*;
use crate::gemm::PANEL;
use crate::testing::{Buffer, Random, run_chunks};

pub const NO_NORM: Norm =
    Norm { mean: core::ptr::null(), gamma: core::ptr::null(), rstd: core::ptr::null(), beta: core::ptr::null() };

/// A random convolution, small enough to run often and odd enough to meet every edge.
#[derive(Debug)]
pub struct Case {
    pub batch: u32,
    pub size: [u32; 2],
    pub channels: u32,
    pub out_size: [u32; 2],
    pub out_channels: u32,
    pub kernel: [u32; 2],
    pub stride: [u32; 2],
    pub pad: [i32; 2],
    pub dilation: [u32; 2],
    pub groups: u32,
    pub slack: [u32; 3],
    pub unit_images: u32,
    pub unit_rows: u32,
    pub unit_channels: u32,
}

impl Case {
    pub fn new(random: &mut Random) -> Self {
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
                unit_channels: PANEL as u32 * random.int(1, 3),
            };
        }
    }
    pub fn x_stride(&self) -> u32 {
        self.channels + self.slack[0]
    }
    pub fn y_stride(&self) -> u32 {
        self.out_channels + self.slack[1]
    }
    pub fn pixels(&self) -> u32 {
        self.batch * self.size[0] * self.size[1]
    }
    pub fn out_pixels(&self) -> u32 {
        self.batch * self.out_size[0] * self.out_size[1]
    }
    pub fn taps(&self) -> u32 {
        self.kernel[0] * self.kernel[1] * self.channels / self.groups
    }
    pub fn geometry(&self) -> ConvGeometry {
        ConvGeometry {
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
        }
    }
    pub fn forward(&self, x: &Buffer, w: &Buffer, y: &mut Buffer) -> Conv2dForward {
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
            geometry: self.geometry(),
            relu: 0,
            most: f32::INFINITY,
            unit_images: self.unit_images,
            unit_rows: self.unit_rows,
            unit_channels: self.unit_channels,
            norm: NO_NORM,
        }
    }
    /// Rows of x may be read in place if no window leaves the image; gaps between copied pixels are allowed.
    pub fn copied_pixel(&self) -> u32 {
        let inside = (0..2).all(|i| {
            self.pad[i] == 0 && (self.out_size[i] - 1) * self.stride[i] + (self.kernel[i] - 1) * self.dilation[i] < self.size[i]
        });
        if inside && self.slack[2] > 0 { 0 } else { self.channels / self.groups + self.slack[2] }
    }
    pub fn backward_weight(&self, x: &Buffer, dy: &Buffer, dw: &mut Buffer, partitions: u32) -> Conv2dBackwardWeight {
        Conv2dBackwardWeight {
            x: x.ptr(),
            x_stride: self.x_stride(),
            dy: dy.ptr(),
            dy_stride: self.y_stride(),
            dw: dw.mut_ptr(),
            geometry: self.geometry(),
            copied_pixel: self.copied_pixel(),
            partitions,
            unit_images: self.unit_images,
            unit_rows: self.unit_rows,
            unit_channels: self.unit_channels,
        }
    }
    /// Panels of weights `[KH, KW, C/groups, O]`.
    pub fn pack(&self, w: &Buffer) -> Buffer {
        let columns = (self.out_channels / self.groups).next_multiple_of(PANEL as u32);
        let mut packed = Buffer::new((self.groups * columns * self.taps()) as usize);
        run_chunks(crate::gemm::pack::pack::<Vector>, &self.pack_args(w, &mut packed), 3, 0);
        packed.assert_guards("packed");
        packed
    }
    pub fn pack_args(&self, w: &Buffer, packed: &mut Buffer) -> GemmPack {
        let (columns, depth) = (self.out_channels / self.groups, self.channels / self.groups);
        GemmPack {
            w: w.ptr(),
            scale: core::ptr::null(),
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
        }
    }
    pub fn scratch(&self, columns: u32) -> usize {
        let [rows, width] = [0, 1].map(|i| {
            let rows = if i == 0 { self.unit_rows } else { self.out_size[1] };
            (rows - 1) * self.stride[i] + (self.kernel[i] - 1) * self.dilation[i] + 1
        });
        let pixels = (self.unit_images * self.unit_rows * self.out_size[1]).next_multiple_of(4);
        let rows = self.unit_images * rows * width * (self.channels / self.groups + self.slack[2]);
        (rows + pixels * (2 + columns) + 2 * self.taps() + 8) as usize
    }
}
