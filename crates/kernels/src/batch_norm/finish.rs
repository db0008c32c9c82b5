//! The steps between two passes over pixels: a few numbers for each channel, in f64. Chunks share the channels.

use super::{BatchNormBackwardFactors, BatchNormFoldBias, BatchNormFrozen, BatchNormStatistics};
use crate::abi::Task;

/// # Safety
/// `partials` holds `parts` rows of `2·channels`; the others hold `channels`.
pub unsafe fn statistics(a: &BatchNormStatistics, task: &Task) {
    let channels = a.channels as usize;
    let end = |part: u32| a.pixels as u64 * part as u64 / a.parts as u64;
    for c in task.range(a.channels) {
        let (mut n, mut mean, mut squares) = (0.0, 0.0, 0.0);
        // SAFETY: c and part are in range.
        unsafe {
            for part in 0..a.parts {
                let added = (end(part + 1) - end(part)) as f64;
                let row = a.partials.add(2 * channels * part as usize + c);
                let delta = *row as f64 - mean;
                squares += *row.add(channels) as f64 + delta * delta * (n * added / (n + added));
                mean += delta * (added / (n + added));
                n += added;
            }
            let rstd = (1.0 / libm::sqrt(squares / n + a.eps as f64)) as f32;
            let moved = |old: f32, new: f64| (old as f64 + a.momentum as f64 * (new - old as f64)) as f32;
            *a.running_mean.add(c) = moved(*a.running_mean.add(c), mean);
            *a.running_var.add(c) = moved(*a.running_var.add(c), squares / (n - 1.0));
            *a.mean.add(c) = mean as f32;
            *a.rstd.add(c) = rstd;
            *a.scale.add(c) = *a.gamma.add(c) * rstd;
        }
    }
}

/// # Safety
/// All pointers hold `channels` floats.
pub unsafe fn frozen(a: &BatchNormFrozen, task: &Task) {
    for c in task.range(a.channels) {
        // SAFETY: c is in range.
        unsafe {
            let rstd = (1.0 / libm::sqrt(*a.var.add(c) as f64 + a.eps as f64)) as f32;
            *a.rstd.add(c) = rstd;
            *a.scale.add(c) = *a.gamma.add(c) * rstd;
        }
    }
}

/// # Safety
/// `partials` holds `parts` rows of `2·channels`, `factors` three of `channels`; the others hold `channels`.
pub unsafe fn backward_factors(a: &BatchNormBackwardFactors, task: &Task) {
    let channels = a.channels as usize;
    for c in task.range(a.channels) {
        // SAFETY: c and part are in range.
        unsafe {
            let total = |row: usize| -> f64 {
                (0..a.parts as usize).map(|part| *a.partials.add((2 * part + row) * channels + c) as f64).sum()
            };
            let rstd = *a.rstd.add(c) as f64;
            let (dbeta, dgamma) = (total(0), total(1) * rstd);
            let scale = *a.gamma.add(c) as f64 * rstd;
            let share = if a.frozen != 0 { 0.0 } else { -scale / a.pixels as f64 };
            *a.dbeta.add(c) = dbeta as f32;
            *a.dgamma.add(c) = dgamma as f32;
            *a.factors.add(c) = scale as f32;
            *a.factors.add(channels + c) = (share * rstd * dgamma) as f32;
            *a.factors.add(2 * channels + c) = (share * dbeta) as f32;
        }
    }
}

/// # Safety
/// All pointers hold `channels` floats; `bias` may be null.
pub unsafe fn fold_bias(a: &BatchNormFoldBias, task: &Task) {
    for c in task.range(a.channels) {
        // SAFETY: c is in range.
        unsafe {
            let bias = if a.bias.is_null() { 0.0 } else { *a.bias.add(c) as f64 };
            let folded = *a.beta.add(c) as f64 + (bias - *a.mean.add(c) as f64) * *a.scale.add(c) as f64;
            *a.folded.add(c) = folded as f32;
        }
    }
}
