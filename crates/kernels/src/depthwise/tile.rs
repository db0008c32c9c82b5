//! The inner loops: `P` neighbouring outputs of a row, a vector of channels after the other.

use super::line::Line;
use super::scratch::Scratch;
use crate::lanes::Lanes;
use core::ops::Range;

/// The body for `$j = 0, 1, …` below a constant count, written out: sums that a loop indexes would lie in memory.
macro_rules! written_out {
    ($j:ident < $count:expr, $body:block; $($index:literal)*) => {
        $({
            let $j: usize = $index;
            if $j < $count $body
        })*
    };
}

/// The columns that a tile reads.
macro_rules! each_column {
    ($j:ident < $count:expr, $body:block) => {
        $crate::depthwise::tile::written_out!($j < $count, $body; 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16)
    };
}

/// The rows of taps whose sums stay in registers together.
macro_rules! each_row {
    ($r:ident < $count:expr, $body:block) => {
        $crate::depthwise::tile::written_out!($r < $count, $body; 0 1 2)
    };
}
pub(super) use {each_column, each_row, written_out};

/// The vector at a pointer, which moves on by a step: compilers would keep the places of many columns instead.
///
/// # Safety
/// The vector is there.
#[inline(always)]
pub(super) unsafe fn next<L: Lanes>(at: &mut *const f32, step: isize) -> L {
    // SAFETY: as above.
    let value = unsafe { L::load(*at) };
    *at = at.wrapping_offset(step);
    value
}

/// The outputs from `output` on, of which `live` are wanted, by a kernel of `K` taps at stride `S`: columns follow each other in
/// x, or are in the table.
///
/// # Safety
/// What the line says is there, for `channels` whole vectors; `(P - 1)·S + K` columns lie in each row of x, or in the table.
#[inline(never)]
pub unsafe fn tile<L: Lanes, const K: usize, const S: usize, const P: usize, const TABLE: bool>(
    line: &Line,
    scratch: Scratch,
    output: usize,
    live: usize,
    channels: usize,
) {
    let Line { x_row, x_pixel, rows, w_row, w_tap, .. } = *line;
    let columns = (P - 1) * S + K;
    // SAFETY: as above.
    unsafe {
        let first = if TABLE { line.x } else { line.x.offset((line.start + (output * S) as isize) * x_pixel as isize) };
        for c in (0..channels).step_by(L::WIDTH) {
            let mut sums = [bias::<L>(line, c); P];
            let (mut x, mut w, mut table) = (first.add(c), line.w.add(c), scratch.table.cast_const());
            for _ in 0..rows {
                let mut tap = w;
                let taps: [L; K] = core::array::from_fn(|_| next(&mut tap, w_tap));
                let mut at = x;
                each_column!(j < (P - 1) * S + K, {
                    let value = if TABLE { L::load((*table.add(j)).add(c)) } else { next::<L>(&mut at, x_pixel as isize) };
                    sums = core::array::from_fn(|p| {
                        let k = j.wrapping_sub(p * S);
                        if k < K { sums[p].madd(value, taps[k]) } else { sums[p] }
                    });
                });
                x = x.wrapping_offset(x_row);
                w = w.wrapping_offset(w_row);
                table = table.wrapping_add(columns);
            }
            store(line, sums, output, if TABLE { live } else { P }, c);
        }
    }
}

/// The same for any kernel: the table has `P` columns for each tap.
///
/// # Safety
/// What the line says is there, for a range of whole vectors of channels.
#[inline(never)]
pub unsafe fn any_tile<L: Lanes, const P: usize>(
    line: &Line,
    scratch: Scratch,
    output: usize,
    live: usize,
    channels: Range<usize>,
) {
    let Line { rows, taps, w_row, w_tap, .. } = *line;
    for c in channels.step_by(L::WIDTH) {
        // SAFETY: as above.
        unsafe {
            let mut sums = [bias::<L>(line, c); P];
            let (mut w, mut table) = (line.w.add(c), scratch.table.cast_const());
            for _ in 0..rows {
                let mut tap = w;
                for _ in 0..taps {
                    let weight = L::load(tap);
                    sums = core::array::from_fn(|p| sums[p].madd(L::load((*table.add(p)).add(c)), weight));
                    table = table.wrapping_add(P);
                    tap = tap.wrapping_offset(w_tap);
                }
                w = w.wrapping_offset(w_row);
            }
            store(line, sums, output, live, c);
        }
    }
}

/// # Safety
/// The bias, if there is one, has these channels.
#[inline(always)]
unsafe fn bias<L: Lanes>(line: &Line, c: usize) -> L {
    // SAFETY: as above.
    if line.bias.is_null() { L::zero() } else { unsafe { L::load(line.bias.add(c)) } }
}

/// Adds the residual, applies ReLU and its limit, and stores the first `live` sums.
///
/// # Safety
/// y and the residual, if there is one, have these outputs and channels.
#[inline(always)]
unsafe fn store<L: Lanes, const P: usize>(line: &Line, mut sums: [L; P], output: usize, live: usize, c: usize) {
    if !line.residual.is_null() {
        let residual = line.residual.wrapping_add(output * line.residual_step + c);
        for p in 0..P {
            if p < live {
                // SAFETY: as above.
                sums[p] = sums[p].add(unsafe { L::load(residual.add(p * line.residual_step)) });
            }
        }
    }
    if line.relu {
        let most = L::splat(line.most);
        sums = sums.map(|sum| sum.zero_below(L::zero()).min(most));
    }
    let mut y = line.y.wrapping_add(output * line.y_step + c);
    for p in 0..P {
        if p < live {
            // SAFETY: as above.
            unsafe { sums[p].store(y) };
        }
        y = y.wrapping_add(line.y_step);
    }
}
