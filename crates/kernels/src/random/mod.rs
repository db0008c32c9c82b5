//! Tensors of random numbers, addressed by (seed, stream, index): element i takes word `i mod 4` of block `i / 4`.
//!
//! Uniform: `low + (high - low)·u`, u a multiple of 2⁻²⁴ in [0, 1). Normal: pairs of words by Box and Muller's transform
//! with libm's functions, so that every runtime gives the same bits.

pub mod philox;
pub mod reference;
#[cfg(test)]
mod tests;

use crate::abi::{Kernel, Task};
use philox::Words;

kernel_args! {
    pub struct RandomUniform {
        pub y: *mut f32,
        pub count: u32,
        pub seed_low: u32,
        pub seed_high: u32,
        pub stream: u32,
        pub low: f32,
        pub high: f32,
    }
}

kernel_args! {
    pub struct RandomNormal {
        pub y: *mut f32,
        pub count: u32,
        pub seed_low: u32,
        pub seed_high: u32,
        pub stream: u32,
        pub mean: f32,
        pub std: f32,
    }
}

pub const KERNELS: &[Kernel] = &[
    row!("random.uniform.f32/scalar", RandomUniform, uniform),
    reference_row!("random.uniform.f32/reference", RandomUniform, reference::uniform),
    row!("random.normal.f32/scalar", RandomNormal, normal),
    reference_row!("random.normal.f32/reference", RandomNormal, reference::normal),
];

/// A number in [0, 1) from the upper 24 bits of a word: exact in f32.
pub fn unit(word: u32) -> f32 {
    (word >> 8) as f32 / (1u32 << 24) as f32
}

/// # Safety
/// `y` holds `count` floats.
pub unsafe fn uniform(a: &RandomUniform, task: &Task) {
    let words = Words::new([a.seed_low, a.seed_high], a.stream, [0, 0]);
    words.visit(task.aligned_range(a.count, 4), |i, word| {
        // SAFETY: i is below count.
        unsafe { *a.y.add(i) = a.low + (a.high - a.low) * unit(word) };
    });
}

/// # Safety
/// `y` holds `count` floats.
pub unsafe fn normal(a: &RandomNormal, task: &Task) {
    let words = Words::new([a.seed_low, a.seed_high], a.stream, [0, 0]);
    let (range, count) = (task.aligned_range(a.count, 4), a.count as usize);
    let mut radius = 0.0;
    // The pair of the last element is drawn even if the second of its numbers is not wanted.
    words.visit(range.start..range.end.next_multiple_of(2), |i, word| {
        if i % 2 == 0 {
            // A logarithm needs a number in (0, 1].
            radius = libm::sqrtf(-2.0 * libm::logf(unit(word) + 1.0 / (1u32 << 24) as f32));
            return;
        }
        let (sin, cos) = libm::sincosf(core::f32::consts::TAU * unit(word));
        // SAFETY: i - 1 is below count, and so is i where it is written.
        unsafe {
            *a.y.add(i - 1) = a.mean + a.std * (radius * cos);
            if i < count {
                *a.y.add(i) = a.mean + a.std * (radius * sin);
            }
        }
    });
}
