//! `y[i·y_stride] = x[i·x_stride]` over boxes of five axes: cuts, joins and transposes. Moves the bits of f32 and i32 alike.
//!
//! Axis 0 is the outermost. A stride of 0 in x repeats elements. Callers put the axis that lies together in y last, and before it one
//! that lies together in x: blocks of both axes then read and write whole cache lines.

pub mod reference;
pub mod simd;
#[cfg(test)]
mod tests;

use crate::abi::Kernel;
use crate::lanes::Vector;

kernel_args! {
    /// Strides are elements from one index of an axis to the next; no two elements of y lie at the same place.
    pub struct CopyNdForward {
        pub x: *const f32,
        pub y: *mut f32,
        pub size0: u32,
        pub size1: u32,
        pub size2: u32,
        pub size3: u32,
        pub size4: u32,
        pub x_stride0: u32,
        pub x_stride1: u32,
        pub x_stride2: u32,
        pub x_stride3: u32,
        pub x_stride4: u32,
        pub y_stride0: u32,
        pub y_stride1: u32,
        pub y_stride2: u32,
        pub y_stride3: u32,
        pub y_stride4: u32,
    }
}

impl CopyNdForward {
    pub fn sizes(&self) -> [usize; 5] {
        [self.size0, self.size1, self.size2, self.size3, self.size4].map(|size| size as usize)
    }
    pub fn x_strides(&self) -> [usize; 5] {
        [self.x_stride0, self.x_stride1, self.x_stride2, self.x_stride3, self.x_stride4].map(|stride| stride as usize)
    }
    pub fn y_strides(&self) -> [usize; 5] {
        [self.y_stride0, self.y_stride1, self.y_stride2, self.y_stride3, self.y_stride4].map(|stride| stride as usize)
    }
}

/// Where an index of some axes, counted in row-major order, lies at these strides.
#[inline(always)]
pub fn place(mut index: usize, sizes: &[usize], strides: &[usize]) -> usize {
    let mut place = 0;
    for (size, stride) in sizes.iter().zip(strides).rev() {
        place += index % size * stride;
        index /= size;
    }
    place
}

pub const KERNELS: &[Kernel] = &[
    row!("copyNd.forward.f32/simd", CopyNdForward, simd::forward::<Vector>),
    reference_row!("copyNd.forward.f32/reference", CopyNdForward, reference::forward),
];
