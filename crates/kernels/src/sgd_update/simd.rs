//! Rows of lanes.

use super::SgdUpdate;
use crate::abi::Task;
use crate::lanes::Lanes;
use crate::loops::{Row, along, spans};

struct Update<const NESTEROV: bool> {
    param: *mut f32,
    grad: *const f32,
    buffer: *mut f32,
    lr: f32,
    momentum: f32,
    weight_decay: f32,
}

impl<const NESTEROV: bool> Row for Update<NESTEROV> {
    #[inline(always)]
    unsafe fn at<L: Lanes>(&self, i: usize) {
        let momentum = L::splat(self.momentum);
        // SAFETY: i lies within the row.
        unsafe {
            let param = L::load(self.param.add(i));
            let g = L::load(self.grad.add(i)).madd(param, L::splat(self.weight_decay));
            let moved = g.madd(L::load(self.buffer.add(i)), momentum);
            let change = if NESTEROV { g.madd(moved, momentum) } else { moved };
            moved.store(self.buffer.add(i));
            param.nmadd(change, L::splat(self.lr)).store(self.param.add(i));
        }
    }
}

/// # Safety
/// As for the reference.
pub unsafe fn forward<L: Lanes>(a: &SgdUpdate, task: &Task) {
    // SAFETY: as above.
    unsafe {
        match a.nesterov {
            0 => update::<L, false>(a, task),
            _ => update::<L, true>(a, task),
        }
    }
}

/// # Safety
/// As for the reference.
#[inline(always)]
unsafe fn update<L: Lanes, const NESTEROV: bool>(a: &SgdUpdate, task: &Task) {
    for span in spans(task, a.pixels, a.channels, &[a.grad_stride, a.channels]) {
        // SAFETY: the span lies within the tensors.
        unsafe {
            let row = Update::<NESTEROV> {
                param: span.at_mut(a.param, a.channels),
                grad: span.at(a.grad, a.grad_stride),
                buffer: span.at_mut(a.buffer, a.channels),
                lr: *a.lr,
                momentum: a.momentum,
                weight_decay: a.weight_decay,
            };
            along::<L>(&row, span.len);
        }
    }
}
