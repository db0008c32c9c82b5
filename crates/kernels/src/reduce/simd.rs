//! Rows of lanes where inner is wide, along the row where it is 1.

use super::{Cut, ReduceExpand, ReduceFold, ReduceShare};
use crate::abi::Task;
use crate::fold::{Block, Fold, Max, ROWS, Sum, Terms, Totals, fold_block, fold_row};
use crate::lanes::Lanes;
use crate::loops::{Column, Row, across, along, store_all, touch_columns};
use core::marker::PhantomData;
use core::ops::Range;

/// Columns of a block that the first-level cache holds.
const COLUMNS: usize = 64;

struct Values {
    x: *const f32,
}

impl Terms for Values {
    #[inline(always)]
    unsafe fn at<L: Lanes>(&self, i: usize, _: usize) -> L {
        // SAFETY: the caller vouches for the place.
        unsafe { L::load(self.x.add(i)) }
    }
}

/// 1 where x is the best of its column.
struct TiesOfColumns {
    x: *const f32,
    best: *const f32,
}

impl Terms for TiesOfColumns {
    #[inline(always)]
    unsafe fn at<L: Lanes>(&self, i: usize, c: usize) -> L {
        // SAFETY: the caller vouches for the place.
        unsafe { L::splat(1.0).keep_where_equal(L::load(self.x.add(i)), L::load(self.best.add(c))) }
    }
}

/// 1 where x is the best of its row.
struct TiesOfRow {
    x: *const f32,
    best: f32,
}

impl Terms for TiesOfRow {
    #[inline(always)]
    unsafe fn at<L: Lanes>(&self, i: usize, _: usize) -> L {
        // SAFETY: the caller vouches for the place.
        unsafe { L::splat(1.0).keep_where_equal(L::load(self.x.add(i)), L::splat(self.best)) }
    }
}

/// Folds columns that are no longer than a block, and divides.
struct Short<'a, F, T> {
    terms: &'a T,
    block: Block,
    divisor: f32,
    y: *mut f32,
    fold: PhantomData<F>,
}

impl<F: Fold, T: Terms> Column for Short<'_, F, T> {
    #[inline(always)]
    unsafe fn down<L: Lanes, const V: usize>(&self, c: usize) {
        // SAFETY: the columns lie within the block.
        unsafe {
            let folded: [L; V] = fold_block::<F, L, V>(self.terms, self.block, c);
            store_all(folded.map(|value| value.div(L::splat(self.divisor))), self.y.add(c));
        }
    }
}

/// Folds the rows of an item down its columns; terms begin where its outer does.
///
/// # Safety
/// The item lies within the tensors: x where its outer begins, y where its row does; scratch holds a f64 for each column.
#[inline(always)]
unsafe fn fold_columns<F: Fold, L: Lanes>(
    terms: &impl Terms,
    (x, stride): (*const f32, usize),
    (rows, columns): (Range<usize>, Range<usize>),
    divisor: f32,
    y: *mut f32,
    totals: *mut f64,
) {
    let block = |start: usize| Block { first: start * stride, stride, rows: ROWS.min(rows.end - start) };
    // SAFETY: the caller vouches for rows, columns and totals.
    unsafe {
        if rows.len() <= ROWS {
            let short = Short::<F, _> { terms, block: block(rows.start), divisor, y, fold: PhantomData };
            touch_columns(x.add(rows.start * stride + columns.start), stride, rows.len(), columns.len());
            across::<L, 4>(&short, columns);
            return;
        }
        let totals = totals.wrapping_sub(columns.start);
        columns.clone().for_each(|c| totals.wrapping_add(c).write(F::START));
        for start in rows.clone().step_by(ROWS) {
            let column = Totals::<F, _> { terms, block: block(start), totals, fold: PhantomData };
            for first in columns.clone().step_by(COLUMNS) {
                let end = columns.end.min(first + COLUMNS);
                touch_columns(x.add(start * stride + first), stride, column.block.rows, end - first);
                across::<L, 4>(&column, first..end);
            }
        }
        columns.for_each(|c| *y.add(c) = (totals.wrapping_add(c).read() / divisor as f64) as f32);
    }
}

/// # Safety
/// x is `[outer, reduced, inner]`, y `[outer, partitions, inner]`; scratch holds `block` f64.
#[inline(always)]
unsafe fn fold<F: Fold, L: Lanes>(cut: Cut, x: *const f32, y: *mut f32, divisor: f32, task: &Task) {
    for item in cut.items(task) {
        // SAFETY: the item lies within the tensors.
        unsafe {
            let x = x.add(item.outer * cut.reduced * cut.inner);
            let y = y.add(item.row * cut.inner);
            if cut.inner == 1 {
                let terms = Values { x: x.add(item.rows.start) };
                *y = (fold_row::<F, L>(&terms, item.rows.len()) / divisor as f64) as f32;
            } else {
                let part = (item.rows, item.columns);
                fold_columns::<F, L>(&Values { x }, (x, cut.inner), part, divisor, y, task.scratch.cast());
            }
        }
    }
}

/// # Safety
/// As for the reference; scratch holds `block` f64.
pub unsafe fn sum<L: Lanes>(a: &ReduceFold, task: &Task) {
    // SAFETY: as above.
    unsafe { fold::<Sum, L>(a.cut(), a.x, a.y, a.divisor, task) }
}

/// # Safety
/// As for the reference; scratch holds `block` f64.
pub unsafe fn max<L: Lanes>(a: &ReduceFold, task: &Task) {
    // SAFETY: as above.
    unsafe { fold::<Max, L>(a.cut(), a.x, a.y, a.divisor, task) }
}

/// # Safety
/// As for the reference; scratch holds `block` f64.
pub unsafe fn ties<L: Lanes>(a: &ReduceFold, task: &Task) {
    let cut = a.cut();
    for item in cut.items(task) {
        // SAFETY: the item lies within the tensors.
        unsafe {
            let x = a.x.add(item.outer * cut.reduced * cut.inner);
            let best = a.best.add(item.outer * cut.inner);
            let y = a.y.add(item.row * cut.inner);
            if cut.inner == 1 {
                let terms = TiesOfRow { x: x.add(item.rows.start), best: *best };
                *y = (fold_row::<Sum, L>(&terms, item.rows.len()) / a.divisor as f64) as f32;
            } else {
                let part = (item.rows, item.columns);
                fold_columns::<Sum, L>(&TiesOfColumns { x, best }, (x, cut.inner), part, a.divisor, y, task.scratch.cast());
            }
        }
    }
}

/// Elements of `[outer, reduced, inner]` that lie next to each other and belong to sets next to each other, or to one set.
struct Span {
    /// Index of the first element.
    first: usize,
    len: usize,
    /// Index of the first one's set.
    set: usize,
}

/// The spans of a chunk.
fn spans(task: &Task, [outer, reduced, inner]: [u32; 3]) -> impl Iterator<Item = Span> {
    let range = task.aligned_range(outer * reduced * inner, 16);
    let [reduced, inner] = [reduced, inner].map(|size| size as usize);
    let length = if inner == 1 { reduced } else { inner };
    let mut first = range.start;
    core::iter::from_fn(move || {
        if first >= range.end {
            return None;
        }
        let len = (length - first % length).min(range.end - first);
        let span = Span { first, len, set: first / (reduced * inner) * inner + first % inner };
        first += len;
        Some(span)
    })
}

/// The same number everywhere.
struct Repeat {
    value: f32,
    y: *mut f32,
}

impl Row for Repeat {
    #[inline(always)]
    unsafe fn at<L: Lanes>(&self, i: usize) {
        // SAFETY: i lies within the row.
        unsafe { L::splat(self.value).store(self.y.add(i)) }
    }
}

struct Divided {
    x: *const f32,
    divisor: f32,
    y: *mut f32,
}

impl Row for Divided {
    #[inline(always)]
    unsafe fn at<L: Lanes>(&self, i: usize) {
        // SAFETY: i lies within the row.
        unsafe { L::load(self.x.add(i)).div(L::splat(self.divisor)).store(self.y.add(i)) }
    }
}

/// # Safety
/// As for the reference.
pub unsafe fn expand<L: Lanes>(a: &ReduceExpand, task: &Task) {
    for span in spans(task, [a.outer, a.reduced, a.inner]) {
        // SAFETY: the span lies within y, its sets within x.
        unsafe {
            let (x, y) = (a.x.add(span.set), a.y.add(span.first));
            if a.inner == 1 {
                along::<L>(&Repeat { value: *x / a.divisor, y }, span.len);
            } else {
                along::<L>(&Divided { x, divisor: a.divisor, y }, span.len);
            }
        }
    }
}

/// Gradients of maxima that are different (`SETS`), or of one.
struct Share<const SETS: bool> {
    dy: *const f32,
    x: *const f32,
    best: *const f32,
    ties: *const f32,
    dx: *mut f32,
}

impl<const SETS: bool> Share<SETS> {
    #[inline(always)]
    unsafe fn of<L: Lanes>(p: *const f32, i: usize) -> L {
        // SAFETY: the caller vouches for the sets, or for the one.
        unsafe { if SETS { L::load(p.add(i)) } else { L::load_splat(p) } }
    }
}

impl<const SETS: bool> Row for Share<SETS> {
    #[inline(always)]
    unsafe fn at<L: Lanes>(&self, i: usize) {
        // SAFETY: i lies within the row.
        unsafe {
            let kept = Self::of::<L>(self.dy, i).keep_where_equal(L::load(self.x.add(i)), Self::of(self.best, i));
            kept.div(Self::of(self.ties, i)).store(self.dx.add(i));
        }
    }
}

/// # Safety
/// As for the reference.
pub unsafe fn share<L: Lanes>(a: &ReduceShare, task: &Task) {
    for span in spans(task, [a.outer, a.reduced, a.inner]) {
        // SAFETY: the span lies within x, its sets within the others.
        unsafe {
            let [dy, best, ties] = [a.dy, a.best, a.ties].map(|p| p.add(span.set));
            let (x, dx) = (a.x.add(span.first), a.dx.add(span.first));
            if a.inner == 1 {
                along::<L>(&Share::<false> { dy, x, best, ties, dx }, span.len);
            } else {
                along::<L>(&Share::<true> { dy, x, best, ties, dx }, span.len);
            }
        }
    }
}
