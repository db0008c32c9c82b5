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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Buffer, assert_close, run_chunks};

    #[test]
    fn every_lane_has_gone_all_rounds() {
        let (rounds, chunks) = (1000, 3);
        let mut y = Buffer::new(8 * chunks as usize);
        run_chunks(fma::<Vector>, &Ceiling { y: y.mut_ptr(), rounds }, chunks, 0);
        y.assert_guards("ceiling");
        for (chunk, lanes) in y.values().chunks(8).enumerate() {
            let expected = 12.0 * (chunk as f64 + rounds as f64 * 0.999_9 * 0.999_9);
            assert_close(&lanes[..Vector::WIDTH], &[expected as f32; Vector::WIDTH], 1e-5, "ceiling");
        }
    }
}
