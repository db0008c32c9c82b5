//! `C = A·B` for many matrices of one size. Each A lies at strides of its own, so that it may be a transpose; each B is in panels
//! (see [`gemm`](crate::gemm)), which a packing step wrote, of a transpose as well.

pub mod panels;
pub mod reference;
#[cfg(test)]
mod tests;

use crate::abi::Kernel;
use crate::lanes::Vector;

kernel_args! {
    /// Element `(i, k)` of the A of matrix m is `a[m·a_matrix + i·a_row + k·a_depth]`. `b_matrix` is 1 where each matrix has
    /// panels of its own, 0 where all share them. A unit is `unit_rows` rows of one matrix, for `unit_columns` columns (a multiple
    /// of 16).
    pub struct MatMul {
        pub a: *const f32,
        pub a_row: u32,
        pub a_depth: u32,
        pub a_matrix: u32,
        pub b: *const f32,
        pub b_matrix: u32,
        pub c: *mut f32,
        pub c_stride: u32,
        pub matrices: u32,
        pub rows: u32,
        pub depth: u32,
        pub columns: u32,
        pub unit_rows: u32,
        pub unit_columns: u32,
    }
}

pub const KERNELS: &[Kernel] = &[
    row!("matmul.f32/panels", MatMul, panels::multiply_all::<Vector>),
    reference_row!("matmul.f32/reference", MatMul, reference::multiply_all),
];
