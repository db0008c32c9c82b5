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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Random, run_chunks};

    /// Whether the run goes on after the guard. No run is open here, and the epoch that is stopped first belongs to none.
    fn goes_on(values: &[f32]) -> bool {
        team::stop(1);
        run_chunks(finite, &GuardFinite { x: values.as_ptr(), count: values.len() as u32 }, 1, 0);
        !team::stopped(team::EPOCH.load(SeqCst))
    }

    #[test]
    fn one_value_that_is_not_finite_ends_the_run() {
        let mut random = Random(1);
        for len in 1..40 {
            let mut buffer = random.buffer(len);
            assert!(goes_on(buffer.values()));
            for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
                let at = random.int(0, len as u32 - 1) as usize;
                let before = std::mem::replace(&mut buffer.values_mut()[at], value);
                assert!(!goes_on(buffer.values()), "{value} at {at} of {len}");
                buffer.values_mut()[at] = before;
            }
        }
    }
}
