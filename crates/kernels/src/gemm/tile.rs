//! The inner loops: up to six rows by a panel's columns in registers.

use super::PANEL;
use super::tiles::{HIGHEST, LOWEST, Tile, add_products, each_tile, high, is_half};
use crate::lanes::{F32x4, Lanes, Scalar};
use crate::loops::{load_all, store_all};
use core::marker::PhantomData;

/// A matrix whose element (row, k) lies `rows[row] + depth[k]` bytes after `base`.
///
/// `rows` is filled up to a multiple of [`LOWEST`](super::tiles::LOWEST) by repeating its last entry.
#[derive(Clone, Copy)]
pub struct Indirect {
    pub base: *const f32,
    pub rows: *const u32,
    pub depth: *const u32,
    pub row_count: usize,
    pub depth_count: usize,
}

/// Where products go: row `i` of the result is row `rows[i]` of `c` and of `residual`.
#[derive(Clone, Copy)]
pub struct Output {
    pub c: *mut f32,
    pub c_stride: usize,
    /// Filled up like [`Indirect::rows`].
    pub rows: *const u32,
    /// Columns of all panels.
    pub columns: usize,
    /// Whether products are added to what `c` holds.
    pub accumulate: bool,
    pub activation: Activation,
}

/// What happens to the whole sum before it is stored; either pointer may be null.
#[derive(Clone, Copy)]
pub struct Activation {
    pub bias: *const f32,
    pub residual: *const f32,
    pub residual_stride: usize,
    pub relu: bool,
    /// What the result is at most, where there is a ReLU.
    pub most: f32,
}

impl Activation {
    /// The sum as it is.
    pub const NONE: Self =
        Self { bias: core::ptr::null(), residual: core::ptr::null(), residual_stride: 0, relu: false, most: f32::INFINITY };
}

/// Depth that is multiplied at a time: at most 16 KiB of a panel, which stay in the first-level cache for all rows.
///
/// Builds without fused multiply-add, those of strict numerics, take shorter sums and add these up, which halves the rounding
/// error of a deep network and costs 6 % of its time.
const DEPTH: usize = if cfg!(target_feature = "relaxed-simd") { 512 } else { 64 };

/// Multiplies by consecutive panels, from the first column on: panel after panel, each in slices of its depth.
///
/// # Safety
/// All elements that the tables reach exist; panels hold `depth_count` rows each.
#[inline(always)]
pub unsafe fn multiply<L: Lanes>(a: &Indirect, panels: *const f32, out: &Output) {
    for column in (0..out.columns).step_by(PANEL) {
        // SAFETY: the caller vouches for the panels.
        unsafe { multiply_panel::<L>(a, panels.add(column * a.depth_count), out, column) };
    }
}

/// One panel, that of the columns from `column` on.
///
/// # Safety
/// As for [`multiply`].
#[inline(always)]
pub unsafe fn multiply_panel<L: Lanes>(a: &Indirect, panel: *const f32, out: &Output, column: usize) {
    // SAFETY: slices of depth stay within the tables; the last panel is whole.
    unsafe {
        let mut from = 0;
        loop {
            let depth_count = DEPTH.min(a.depth_count - from);
            let last = from + depth_count == a.depth_count;
            let slice = Indirect { depth: a.depth.add(from), depth_count, ..*a };
            let activation = if last { out.activation } else { Activation::NONE };
            let to = Output { accumulate: out.accumulate || from > 0, activation, ..*out };
            let panel = panel.add(from * PANEL);
            if high() {
                multiply_slice::<L, HIGHEST>(&slice, panel, &to, column);
            } else {
                multiply_slice::<L, LOWEST>(&slice, panel, &to, column);
            }
            if last {
                break;
            }
            from += depth_count;
        }
    }
}

/// All rows times one panel. By itself, as V8 keeps more in registers where less is alive.
///
/// # Safety
/// As for [`multiply`].
#[inline(never)]
unsafe fn multiply_slice<L: Lanes, const HIGH: usize>(a: &Indirect, panel: *const f32, out: &Output, column: usize) {
    // SAFETY: as above.
    unsafe {
        if is_half(out.columns - column) {
            each_tile::<HIGH>(a.row_count, Product::<L, 1>::new(a, panel, out, column));
        } else {
            each_tile::<HIGH>(a.row_count, Product::<L, 2>::new(a, panel, out, column));
        }
    }
}

/// Like [`multiply`], tile of rows after tile: for many rows of C that are few columns wide apart from each other.
///
/// # Safety
/// As for [`multiply`].
#[inline(always)]
pub unsafe fn multiply_by_rows<L: Lanes>(a: &Indirect, panels: *const f32, out: &Output) {
    // SAFETY: as above.
    unsafe {
        if high() {
            multiply_rows::<L, HIGHEST>(a, panels, out);
        } else {
            multiply_rows::<L, LOWEST>(a, panels, out);
        }
    }
}

/// # Safety
/// As for [`multiply`].
#[inline(always)]
unsafe fn multiply_rows<L: Lanes, const HIGH: usize>(a: &Indirect, panels: *const f32, out: &Output) {
    // SAFETY: as above.
    unsafe { each_tile::<HIGH>(a.row_count, AllPanels::<L> { a, panels, out, lanes: PhantomData }) };
}

/// A tile's rows times one panel after the other.
struct AllPanels<'a, L> {
    a: &'a Indirect,
    panels: *const f32,
    out: &'a Output,
    lanes: PhantomData<L>,
}

impl<L: Lanes> Tile for AllPanels<'_, L> {
    #[inline(always)]
    unsafe fn rows<const R: usize>(&self, row: usize, height: usize) {
        for column in (0..self.out.columns).step_by(PANEL) {
            // SAFETY: the caller vouches for rows and panels.
            unsafe {
                let panel = self.panels.add(column * self.a.depth_count);
                if is_half(self.out.columns - column) {
                    Product::<L, 1>::new(self.a, panel, self.out, column).rows::<R>(row, height);
                } else {
                    Product::<L, 2>::new(self.a, panel, self.out, column).rows::<R>(row, height);
                }
            }
        }
    }
}

/// A tile's rows times the first `V` vectors of one panel.
struct Product<'a, L, const V: usize> {
    a: &'a Indirect,
    panel: *const f32,
    out: &'a Output,
    column: usize,
    lanes: PhantomData<L>,
}

impl<'a, L, const V: usize> Product<'a, L, V> {
    #[inline(always)]
    fn new(a: &'a Indirect, panel: *const f32, out: &'a Output, column: usize) -> Self {
        Self { a, panel, out, column, lanes: PhantomData }
    }
}

impl<L: Lanes, const V: usize> Tile for Product<'_, L, V> {
    #[inline(always)]
    unsafe fn rows<const R: usize>(&self, row: usize, height: usize) {
        // SAFETY: the caller vouches for tables, panel and output.
        unsafe {
            let rows: [*const f32; R] = core::array::from_fn(|r| self.a.base.byte_add(*self.a.rows.add(row + r) as usize));
            let mut sums = [[L::zero(); V]; R];
            let (mut b, mut offset, end) = (self.panel, self.a.depth, self.a.depth.add(self.a.depth_count));
            while offset != end {
                let k = *offset as usize;
                add_products(&mut sums, |r| rows[r].byte_add(k), b);
                b = b.add(PANEL);
                offset = offset.add(1);
            }
            store(sums, self.out, row, height, self.column);
        }
    }
}

/// # Safety
/// As for [`multiply`].
#[inline(always)]
unsafe fn store<L: Lanes, const R: usize, const V: usize>(
    sums: [[L; V]; R],
    out: &Output,
    row: usize,
    height: usize,
    column: usize,
) {
    let columns = out.columns - column;
    // SAFETY: rows below `height` and columns of the output exist.
    unsafe {
        if columns >= V * L::WIDTH && height >= R {
            let indices = core::array::from_fn(|r| *out.rows.add(row + r) as usize);
            store_whole(sums, out, indices, column);
        } else {
            store_rows(&sums[..height.min(R)], out, row, column, columns);
        }
    }
}

/// A tile all of whose rows and columns exist. What happens to a sum is asked once for all of them.
///
/// # Safety
/// As for [`multiply`].
#[inline(always)]
unsafe fn store_whole<L: Lanes, const R: usize, const V: usize>(
    mut sums: [[L; V]; R],
    out: &Output,
    rows: [usize; R],
    column: usize,
) {
    let Activation { bias, residual, residual_stride, relu, most } = out.activation;
    let c = rows.map(|row| out.c.wrapping_add(row * out.c_stride + column));
    // SAFETY: bias and residual have the columns of c, residual its rows.
    unsafe {
        if out.accumulate {
            for r in 0..R {
                sums[r] = plus(sums[r], load_all(c[r]));
            }
        }
        if !bias.is_null() {
            let bias: [L; V] = load_all(bias.add(column));
            sums = sums.map(|sum| plus(sum, bias));
        }
        if !residual.is_null() {
            for r in 0..R {
                sums[r] = plus(sums[r], load_all(residual.add(rows[r] * residual_stride + column)));
            }
        }
        if relu {
            sums = sums.map(|sum| sum.map(|x| x.zero_below(L::zero())));
        }
        if relu && most < f32::INFINITY {
            let most = L::splat(most);
            sums = sums.map(|sum| sum.map(|x| x.min(most)));
        }
        for r in 0..R {
            store_all(sums[r], c[r]);
        }
    }
}

/// Rows one by one.
///
/// # Safety
/// As for [`multiply`].
#[inline(never)]
unsafe fn store_rows<L: Lanes, const V: usize>(sums: &[[L; V]], out: &Output, row: usize, column: usize, columns: usize) {
    for (r, &values) in sums.iter().enumerate() {
        // SAFETY: rows and columns of the output exist.
        unsafe {
            let index = *out.rows.add(row + r) as usize;
            let c = out.c.add(index * out.c_stride + column);
            if columns >= V * L::WIDTH {
                store_all(finish(values, out, index, column, c), c);
            } else {
                store_part(values, out, index, column, c, columns);
            }
        }
    }
}

#[inline(always)]
fn plus<L: Lanes, const V: usize>(sum: [L; V], more: [L; V]) -> [L; V] {
    core::array::from_fn(|v| sum[v].add(more[v]))
}

/// # Safety
/// The columns of `V` vectors exist from `column` on.
#[inline(always)]
unsafe fn finish<L: Lanes, const V: usize>(values: [L; V], out: &Output, index: usize, column: usize, c: *const f32) -> [L; V] {
    let Activation { bias, residual, residual_stride, relu, most } = out.activation;
    let mut sum = values;
    // SAFETY: c, bias and residual have the columns, residual the rows of c.
    unsafe {
        if out.accumulate {
            sum = plus(sum, load_all(c));
        }
        if !bias.is_null() {
            sum = plus(sum, load_all(bias.add(column)));
        }
        if !residual.is_null() {
            sum = plus(sum, load_all(residual.add(index * residual_stride + column)));
        }
    }
    if relu { sum.map(|x| x.zero_below(L::zero()).min(L::splat(most))) } else { sum }
}

/// The last, narrower panel: as [`finish`], four columns at a time and then one by one.
///
/// # Safety
/// `columns` columns exist from `column` on.
#[inline(never)]
unsafe fn store_part<L: Lanes, const V: usize>(
    values: [L; V],
    out: &Output,
    index: usize,
    column: usize,
    c: *mut f32,
    columns: usize,
) {
    let mut sums = [0.0; PANEL];
    // SAFETY: all columns from j on are below those that exist.
    unsafe {
        store_all(values, sums.as_mut_ptr());
        let mut j = 0;
        while j + F32x4::WIDTH <= columns {
            let [sum] = finish([F32x4::load(&sums[j])], out, index, column + j, c.add(j));
            sum.store(c.add(j));
            j += F32x4::WIDTH;
        }
        while j < columns {
            let [sum] = finish([Scalar::load(&sums[j])], out, index, column + j, c.add(j));
            sum.store(c.add(j));
            j += 1;
        }
    }
}
