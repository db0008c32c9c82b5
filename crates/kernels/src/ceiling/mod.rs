//! The speed limit: multiply-adds on registers alone, for benchmarks to measure themselves against.

use crate::abi::{Kernel, Task};
use crate::lanes::{Lanes, Vector};

kernel_args! {
    pub struct Ceiling {
        /// Eight floats for each chunk, so that the work is not removed.
        pub y: *mut f32,
        /// Rounds of 12 independent multiply-adds of all lanes: 96 flops, or 192 in wide builds.
        pub rounds: u32,
    }
}

pub const KERNELS: &[Kernel] = &[row!("ceiling.fma.f32/simd", Ceiling, fma::<Vector>)];

/// # Safety
/// `y` has eight floats for each chunk.
#[inline(never)]
unsafe fn fma<L: Lanes>(a: &Ceiling, task: &Task) {
    let factor = L::splat(0.999_9);
    let mut sums = [L::splat(task.chunk as f32); 12];
    for _ in 0..a.rounds {
        for sum in &mut sums {
            *sum = sum.madd(factor, factor);
        }
    }
    let total = sums.iter().fold(L::zero(), |total, &sum| total.add(sum));
    // SAFETY: the caller vouches for eight floats per chunk.
    unsafe { total.store(a.y.add(8 * task.chunk as usize)) };
}
