//! The definition, element by element.

use super::philox::philox4x32;
use super::{RandomNormal, RandomUniform, unit};
use crate::abi::Task;
use crate::pixels::List;

/// Word `index` of a stream, four in a block.
pub fn word(seed: [u32; 2], stream: u32, step: [u32; 2], index: usize) -> u32 {
    philox4x32([index as u32 / 4, stream, step[0], step[1]], seed)[index % 4]
}

/// # Safety
/// `y` holds `count` floats.
pub unsafe fn uniform(a: &RandomUniform, task: &Task) {
    // SAFETY: as above.
    let y = unsafe { List::new(a.y, a.count as usize) };
    let (low, high) = (a.low as f64, a.high as f64);
    for i in task.range(a.count) {
        let u = unit(word([a.seed_low, a.seed_high], a.stream, [0, 0], i)) as f64;
        y.set(i, low + (high - low) * u);
    }
}

/// # Safety
/// `y` holds `count` floats.
pub unsafe fn normal(a: &RandomNormal, task: &Task) {
    // SAFETY: as above.
    let y = unsafe { List::new(a.y, a.count as usize) };
    let (mean, std) = (a.mean as f64, a.std as f64);
    for i in task.range(a.count) {
        let first = i - i % 2;
        let [u, v] = [first, first + 1].map(|k| unit(word([a.seed_low, a.seed_high], a.stream, [0, 0], k)) as f64);
        // A logarithm needs a number in (0, 1].
        let radius = libm::sqrt(-2.0 * libm::log(u + 1.0 / (1u32 << 24) as f64));
        let (sin, cos) = libm::sincos(core::f64::consts::TAU * v);
        y.set(i, mean + std * radius * if i == first { cos } else { sin });
    }
}
