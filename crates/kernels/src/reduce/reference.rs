//! The definitions in f64.

use super::{Cut, ReduceExpand, ReduceFold, ReduceShare};
use crate::abi::Task;
use crate::pixels::{List, Pixels, each};

impl Cut {
    /// Writes what `fold` makes of the elements `x[o, r, i]` of each set; it is given their o and i, too.
    ///
    /// # Safety
    /// x and y hold all elements of the cut.
    unsafe fn each_set(
        self,
        x: *const f32,
        y: *mut f32,
        task: &Task,
        fold: impl Fn(&mut dyn Iterator<Item = f64>, usize, usize) -> f64,
    ) {
        let (inner, elements) = (self.inner as u32, (self.outer * self.reduced) as u32);
        // SAFETY: as above.
        let [x, y] = unsafe {
            [Pixels::new(x, inner, elements, inner), Pixels::new(y, inner, (self.outer * self.partitions) as u32, inner)]
        };
        for item in self.items(task) {
            for c in item.columns {
                let mut set = item.rows.clone().map(|r| x.at(item.outer * self.reduced + r, c));
                y.set(item.row, c, fold(&mut set, item.outer, c));
            }
        }
    }
}

/// # Safety
/// x is `[outer, reduced, inner]`, y `[outer, partitions, inner]`.
pub unsafe fn sum(a: &ReduceFold, task: &Task) {
    // SAFETY: as above.
    unsafe { a.cut().each_set(a.x, a.y, task, |set, _, _| set.sum::<f64>() / a.divisor as f64) }
}

/// # Safety
/// As for [`sum`].
pub unsafe fn max(a: &ReduceFold, task: &Task) {
    let greater = |a: f64, b: f64| if b > a || b.is_nan() { b } else { a };
    // SAFETY: as above.
    unsafe { a.cut().each_set(a.x, a.y, task, |set, _, _| set.fold(f64::NEG_INFINITY, greater) / a.divisor as f64) }
}

/// # Safety
/// As for [`sum`]; best is `[outer, inner]`.
pub unsafe fn ties(a: &ReduceFold, task: &Task) {
    // SAFETY: as above.
    unsafe {
        let best = Pixels::new(a.best, a.inner, a.outer, a.inner);
        a.cut().each_set(a.x, a.y, task, |set, o, c| set.filter(|&x| x == best.at(o, c)).count() as f64 / a.divisor as f64)
    }
}

/// # Safety
/// x is `[outer, inner]`, y `[outer, reduced, inner]`.
pub unsafe fn expand(a: &ReduceExpand, task: &Task) {
    let rows = a.outer * a.reduced;
    // SAFETY: as above.
    let [x, y] = unsafe { [Pixels::new(a.x, a.inner, a.outer, a.inner), Pixels::new(a.y, a.inner, rows, a.inner)] };
    for (row, c) in each(task, rows, a.inner) {
        y.set(row, c, x.at(row / a.reduced as usize, c) / a.divisor as f64);
    }
}

/// # Safety
/// dy, best and ties are `[outer, inner]`, x and dx `[outer, reduced, inner]`.
pub unsafe fn share(a: &ReduceShare, task: &Task) {
    let (count, rows) = ((a.outer * a.inner) as usize, a.outer * a.reduced);
    // SAFETY: as above.
    let ([dy, best, ties], [x, dx]) = unsafe {
        (
            [a.dy, a.best, a.ties].map(|list| List::new(list, count)),
            [a.x, a.dx.cast_const()].map(|tensor| Pixels::new(tensor, a.inner, rows, a.inner)),
        )
    };
    for (row, c) in each(task, rows, a.inner) {
        let of = row / a.reduced as usize * a.inner as usize + c;
        let share = if x.at(row, c) == best.at(of) { dy.at(of) } else { 0.0 };
        dx.set(row, c, share / ties.at(of));
    }
}
