//! Ends the run when a value is not finite, so that a bad loss never reaches the parameters.

use crate::abi::{Kernel, Task};
use crate::team;
use core::sync::atomic::Ordering::SeqCst;

kernel_args! {
    pub struct GuardFinite {
        pub x: *const f32,
        pub count: u32,
    }
}

pub const KERNELS: &[Kernel] = &[row!("guard.finite.f32/scalar", GuardFinite, finite)];

/// # Safety
/// `x` has `count` floats.
unsafe fn finite(a: &GuardFinite, _: &Task) {
    // SAFETY: the caller vouches for the length.
    let values = unsafe { core::slice::from_raw_parts(a.x, a.count as usize) };
    if values.iter().any(|x| !x.is_finite()) {
        team::stop(team::EPOCH.load(SeqCst));
    }
}
