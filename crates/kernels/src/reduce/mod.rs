//! Sums, means and maxima over the middle axis of `[outer, reduced, inner]`, which other axes are collapsed to, and the way back.
//!
//! `fold`: `y[o, q, i] = Σ_r x[o, r, i] / divisor` over the q-th of `partitions` equal ranges of r; or the maximum, which a NaN is
//! where there is one. `ties`: how often the maximum is there. Backward: `expand` repeats `x[o, i] / divisor`; `share` divides
//! the gradient of a maximum evenly among its ties, as PyTorch's `amax` does.
//!
//! A partition is part of the shape, not of the threads, so bits do not depend on these. Sums are exact to 2⁻¹⁸ of the sum of
//! absolute values, whatever their length (see [`fold`](crate::fold)).

pub mod reference;
pub mod simd;
#[cfg(test)]
mod tests;

use crate::abi::{Kernel, Task};
use crate::lanes::Vector;
use core::ops::Range;

kernel_args! {
    /// All contiguous; `best` is `[outer, inner]` for ties, else null. An item is one partition of an `outer` for `block` columns of inner; scratch holds a f64 for each column.
    pub struct ReduceFold {
        pub x: *const f32,
        pub best: *const f32,
        pub y: *mut f32,
        pub outer: u32,
        pub reduced: u32,
        pub inner: u32,
        pub partitions: u32,
        pub block: u32,
        pub divisor: f32,
    }
}

kernel_args! {
    /// `x` is `[outer, inner]`, `y` is `[outer, reduced, inner]`, both contiguous.
    pub struct ReduceExpand {
        pub x: *const f32,
        pub y: *mut f32,
        pub outer: u32,
        pub reduced: u32,
        pub inner: u32,
        pub divisor: f32,
    }
}

kernel_args! {
    /// `dx = dy / ties` where x is the best, else 0; `dy`, `best` and `ties` are `[outer, inner]`, `x` and `dx` are
    /// `[outer, reduced, inner]`. Without a tie, as where the best is a NaN, dx is NaN.
    pub struct ReduceShare {
        pub dy: *const f32,
        pub x: *const f32,
        pub best: *const f32,
        pub ties: *const f32,
        pub dx: *mut f32,
        pub outer: u32,
        pub reduced: u32,
        pub inner: u32,
    }
}

pub const KERNELS: &[Kernel] = &[
    row!("reduce.sum.f32/simd", ReduceFold, simd::sum::<Vector>),
    reference_row!("reduce.sum.f32/reference", ReduceFold, reference::sum),
    row!("reduce.max.f32/simd", ReduceFold, simd::max::<Vector>),
    reference_row!("reduce.max.f32/reference", ReduceFold, reference::max),
    row!("reduce.ties.f32/simd", ReduceFold, simd::ties::<Vector>),
    reference_row!("reduce.ties.f32/reference", ReduceFold, reference::ties),
    row!("reduce.expand.f32/simd", ReduceExpand, simd::expand::<Vector>),
    reference_row!("reduce.expand.f32/reference", ReduceExpand, reference::expand),
    row!("reduce.share.f32/simd", ReduceShare, simd::share::<Vector>),
    reference_row!("reduce.share.f32/reference", ReduceShare, reference::share),
];

/// `[outer, reduced, inner]`, cut into items.
#[derive(Clone, Copy)]
struct Cut {
    outer: usize,
    reduced: usize,
    inner: usize,
    partitions: usize,
    block: usize,
}

/// What an item of a fold folds, and where its result lies.
struct Item {
    outer: usize,
    rows: Range<usize>,
    columns: Range<usize>,
    /// Row of y, `[outer · partitions, inner]`.
    row: usize,
}

impl ReduceFold {
    fn cut(&self) -> Cut {
        let [outer, reduced, inner, partitions, block] =
            [self.outer, self.reduced, self.inner, self.partitions, self.block].map(|size| size as usize);
        Cut { outer, reduced, inner, partitions, block }
    }
}

impl Cut {
    fn items(self, task: &Task) -> impl Iterator<Item = Item> {
        let blocks = self.inner.div_ceil(self.block);
        task.range((self.outer * self.partitions * blocks) as u32).map(move |item| {
            let (row, block) = (item / blocks, item % blocks);
            let (outer, q) = (row / self.partitions, row % self.partitions);
            let bound = |q: usize| (self.reduced as u64 * q as u64 / self.partitions as u64) as usize;
            let columns = block * self.block..self.inner.min((block + 1) * self.block);
            Item { outer, rows: bound(q)..bound(q + 1), columns, row }
        })
    }
}
