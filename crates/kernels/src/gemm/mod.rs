//! `C = A·B + bias` with B in panels of two vectors, eight columns or sixteen; every convolution and linear layer ends here.
//!
//! A is never copied into shape: element (row, k) lies at `base + rows[row] + depth[k]`, two tables of byte offsets.
//! A convolution's input is such a matrix, with pixels as rows and taps as depth; with the tables swapped it is the
//! transpose, which the gradient of the weights needs. See [`tile`].
//!
//! Panels: `[group][⌈columns / PANEL⌉][rows of B][PANEL]`, filled up with zeros.

pub mod outer;
pub mod pack;
pub mod panels;
pub mod plain;
pub mod reference;
#[cfg(test)]
mod tests;
pub mod tile;
pub mod tiles;

use crate::abi::Kernel;
use crate::lanes::{Lanes, Vector};

/// Columns of a panel: those of two vectors.
pub const PANEL: usize = 2 * Vector::WIDTH;

kernel_args! {
    /// `c[i, j] = Σ_k a[i, k]·b[k, j] + bias[j]`. `bias` may be null. `b` is in panels, for plain and reference
    /// `[depth, columns]`. A unit is `unit_rows` rows (for plain, all) for `unit_columns` columns (a multiple of 16).
    pub struct Gemm {
        pub a: *const f32,
        pub a_stride: u32,
        pub b: *const f32,
        pub bias: *const f32,
        pub c: *mut f32,
        pub c_stride: u32,
        pub rows: u32,
        pub depth: u32,
        pub columns: u32,
        pub unit_rows: u32,
        pub unit_columns: u32,
    }
}

kernel_args! {
    /// Copies `groups` matrices, times a factor for each column of all, into panels. Row `(tap_row, tap_column, depth)` and column
    /// of a matrix lie at the sum of their strides in `w`; the strides of taps may be negative. `scale` may be null: 1.
    pub struct GemmPack {
        pub w: *const f32,
        pub scale: *const f32,
        pub packed: *mut f32,
        pub height: u32,
        pub width: u32,
        pub depth: u32,
        pub columns: u32,
        pub groups: u32,
        pub tap_row: i32,
        pub tap_column: i32,
        pub depth_stride: u32,
        pub column_stride: u32,
        pub group_stride: u32,
    }
}

pub const KERNELS: &[Kernel] = &[
    row!("gemm.f32/panels", Gemm, panels::gemm::<Vector>),
    row!("gemm.f32/plain", Gemm, plain::gemm::<Vector>),
    reference_row!("gemm.f32/reference", Gemm, reference::gemm),
    row!("gemm.pack.f32/panels", GemmPack, pack::pack::<Vector>),
];
