//! Many numbers into one, with bits that do not depend on the width of vectors.
//!
//! At most [`ROWS`] numbers meet in a lane of f32; what the lanes hold is joined in f64, in their order. So rounding errors do
//! not grow with the length of a sum.

use crate::lanes::{Lanes, Scalar};
use crate::loops::{Column, across, store_all};
use core::marker::PhantomData;

/// Numbers that a lane of f32 takes before f64 goes on.
pub const ROWS: usize = 64;
/// Lanes that a row is dealt to, whatever the width of a vector.
pub const LANES: usize = 16;

/// A sum of squares, and NaN where it exceeds f32: the reciprocal of an infinite deviation would be a 0 that hides what is lost.
#[inline(always)]
pub fn finite_or_nan(squares: f64) -> f64 {
    if squares < f64::INFINITY { squares } else { f64::NAN }
}

/// How numbers are joined.
pub trait Fold {
    /// What nothing gives.
    const START: f64;
    fn join<L: Lanes>(a: L, b: L) -> L;
    fn join_totals(a: f64, b: f64) -> f64;
}

/// `a + b`.
pub struct Sum;

impl Fold for Sum {
    const START: f64 = 0.0;
    #[inline(always)]
    fn join<L: Lanes>(a: L, b: L) -> L {
        a.add(b)
    }
    #[inline(always)]
    fn join_totals(a: f64, b: f64) -> f64 {
        a + b
    }
}

/// The greater one, or NaN where either is.
pub struct Max;

impl Fold for Max {
    const START: f64 = f64::NEG_INFINITY;
    #[inline(always)]
    fn join<L: Lanes>(a: L, b: L) -> L {
        L::replace_if_greater((a, a), b, b).0
    }
    #[inline(always)]
    fn join_totals(a: f64, b: f64) -> f64 {
        if b > a || b.is_nan() { b } else { a }
    }
}

/// The numbers that are folded.
pub trait Terms {
    /// Those at the places `i..i + L::WIDTH`, which stand in the columns from `c` on.
    ///
    /// # Safety
    /// These places are there.
    unsafe fn at<L: Lanes>(&self, i: usize, c: usize) -> L;
}

/// Places of a block of rows, `stride` apart, from `first` on; at most [`ROWS`] of them.
#[derive(Clone, Copy)]
pub struct Block {
    pub first: usize,
    pub stride: usize,
    pub rows: usize,
}

/// Folds the columns from `c` on of a block.
///
/// # Safety
/// The block and its columns are there.
#[inline(always)]
pub unsafe fn fold_block<F: Fold, L: Lanes, const V: usize>(terms: &impl Terms, block: Block, c: usize) -> [L; V] {
    let mut folded = [L::splat(F::START as f32); V];
    let mut i = block.first + c;
    for _ in 0..block.rows {
        for (v, value) in folded.iter_mut().enumerate() {
            // SAFETY: the caller vouches for the block.
            *value = F::join(*value, unsafe { terms.at(i + v * L::WIDTH, c + v * L::WIDTH) });
        }
        i += block.stride;
    }
    folded
}

/// Joins the columns of a block to `totals`, one for each column.
pub struct Totals<'a, F, T> {
    pub terms: &'a T,
    pub block: Block,
    pub totals: *mut f64,
    pub fold: PhantomData<F>,
}

impl<F: Fold, T: Terms> Column for Totals<'_, F, T> {
    #[inline(always)]
    unsafe fn down<L: Lanes, const V: usize>(&self, c: usize) {
        let mut lanes = [0.0; 2 * LANES];
        // SAFETY: the columns lie within the block; four vectors of eight lanes are the most.
        unsafe {
            store_all(fold_block::<F, L, V>(self.terms, self.block, c), lanes.as_mut_ptr());
            join_lanes::<F>(&lanes[..V * L::WIDTH], self.totals.add(c));
        }
    }
}

/// Joins numbers to totals. By itself, as V8 13.6, where it pairs stores, reads in the same function what it has not yet written.
///
/// # Safety
/// A total for each lane.
#[inline(never)]
unsafe fn join_lanes<F: Fold>(lanes: &[f32], totals: *mut f64) {
    for (j, &value) in lanes.iter().enumerate() {
        // SAFETY: the caller vouches for the totals.
        unsafe {
            let total = totals.add(j);
            *total = F::join_totals(*total, value as f64);
        }
    }
}

/// Folds `len` numbers that lie next to each other. They stand in no column: `c` means nothing.
///
/// # Safety
/// The numbers are there.
#[inline(always)]
pub unsafe fn fold_row<F: Fold, L: Lanes>(terms: &impl Terms, len: usize) -> f64 {
    let mut totals = [F::START; LANES];
    let whole = len / LANES;
    for start in (0..whole).step_by(ROWS) {
        let block = Block { first: start * LANES, stride: LANES, rows: ROWS.min(whole - start) };
        let column = Totals::<F, _> { terms, block, totals: totals.as_mut_ptr(), fold: PhantomData };
        // SAFETY: the block ends within the row.
        unsafe { across::<L, 2>(&column, 0..LANES) };
    }
    let lanes = if whole > 0 { totals.into_iter().fold(F::START, F::join_totals) } else { F::START };
    (whole * LANES..len).fold(lanes, |total, i| {
        // SAFETY: i is below len.
        F::join_totals(total, unsafe { terms.at::<Scalar>(i, 0) }.value() as f64)
    })
}
