//! `x += 1` for counters: an i32, an f32, or the 64-bit step (two words, low first) of random numbers.

#[cfg(test)]
mod tests;

use crate::abi::{Kernel, Task};

kernel_args! {
    pub struct IncrementInteger {
        pub x: *mut i32,
    }
}

kernel_args! {
    pub struct IncrementFloat {
        pub x: *mut f32,
    }
}

kernel_args! {
    /// `state`: seed low, seed high, step low, step high.
    pub struct IncrementStep {
        pub state: *mut u32,
    }
}

pub const KERNELS: &[Kernel] = &[
    row!("increment.forward.i32/scalar", IncrementInteger, integer),
    row!("increment.forward.f32/scalar", IncrementFloat, float),
    row!("increment.step.i32/scalar", IncrementStep, step),
];

/// # Safety
/// `x` is one integer. One chunk.
pub unsafe fn integer(a: &IncrementInteger, _: &Task) {
    // SAFETY: as above.
    unsafe { *a.x = (*a.x).wrapping_add(1) };
}

/// # Safety
/// `x` is one float. One chunk.
pub unsafe fn float(a: &IncrementFloat, _: &Task) {
    // SAFETY: as above.
    unsafe { *a.x += 1.0 };
}

/// # Safety
/// `state` is four words. One chunk.
pub unsafe fn step(a: &IncrementStep, _: &Task) {
    // SAFETY: as above.
    unsafe {
        let (low, carry) = (*a.state.add(2)).overflowing_add(1);
        *a.state.add(2) = low;
        *a.state.add(3) = (*a.state.add(3)).wrapping_add(carry as u32);
    }
}
