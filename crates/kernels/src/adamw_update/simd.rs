//! Rows of lanes.

use super::AdamwUpdate;
use crate::abi::Task;
use crate::lanes::Lanes;
use crate::loops::{Row, along, spans};

struct Update {
    param: *mut f32,
    grad: *const f32,
    m: *mut f32,
    v: *mut f32,
    new1: f32,
    beta2: f32,
    new2: f32,
    decay: f32,
    rate: f32,
    correction: f32,
    eps: f32,
}

impl Row for Update {
    #[inline(always)]
    unsafe fn at<L: Lanes>(&self, i: usize) {
        // SAFETY: i lies within the row.
        unsafe {
            let (g, m, v) = (L::load(self.grad.add(i)), L::load(self.m.add(i)), L::load(self.v.add(i)));
            let m = m.madd(g.sub(m), L::splat(self.new1));
            let v = v.mul(L::splat(self.beta2)).madd(g.mul(g), L::splat(self.new2));
            let root = L::splat(self.eps).madd(v.sqrt(), L::splat(self.correction));
            let param = L::load(self.param.add(i)).mul(L::splat(self.decay));
            m.store(self.m.add(i));
            v.store(self.v.add(i));
            param.nmadd(m.div(root), L::splat(self.rate)).store(self.param.add(i));
        }
    }
}

/// # Safety
/// As for the reference.
pub unsafe fn forward<L: Lanes>(a: &AdamwUpdate, task: &Task) {
    // SAFETY: as above.
    let f = unsafe { a.factors() };
    for span in spans(task, a.pixels, a.channels, &[a.grad_stride, a.channels]) {
        // SAFETY: the span lies within the tensors.
        unsafe {
            let row = Update {
                param: span.at_mut(a.param, a.channels),
                grad: span.at(a.grad, a.grad_stride),
                m: span.at_mut(a.m, a.channels),
                v: span.at_mut(a.v, a.channels),
                new1: (1.0 - f.beta1) as f32,
                beta2: f.beta2 as f32,
                new2: (1.0 - f.beta2) as f32,
                decay: f.decay as f32,
                rate: f.rate as f32,
                correction: f.correction as f32,
                eps: a.eps,
            };
            along::<L>(&row, span.len);
        }
    }
}
