//! The steps between two passes over pixels: a few numbers for each channel, in f64. Chunks share the channels.

use super::{
    BatchNormBackwardFactors, BatchNormFoldBias, BatchNormFrozen, BatchNormMoments, BatchNormOfMoments, BatchNormStatistics,
};
use crate::abi::Task;
use crate::fold::finite_or_nan;

/// Mean and biased variance of a channel from those of its parts, joined in f64.
///
/// # Safety
/// `partials` holds `parts` rows of `2·channels`; c is a channel.
#[inline(always)]
unsafe fn join(partials: *const f32, parts: u32, pixels: u32, channels: usize, c: usize) -> [f32; 2] {
    let end = |part: u32| pixels as u64 * part as u64 / parts as u64;
    let (mut n, mut mean, mut squares) = (0.0, 0.0, 0.0);
    for part in 0..parts {
        let added = (end(part + 1) - end(part)) as f64;
        // SAFETY: c and part are in range.
        unsafe {
            let row = partials.add(2 * channels * part as usize + c);
            let delta = *row as f64 - mean;
            squares += *row.add(channels) as f64 + delta * delta * (n * added / (n + added));
            mean += delta * (added / (n + added));
        }
        n += added;
    }
    let variance = (squares / n) as f32;
    [mean as f32, finite_or_nan(variance as f64) as f32]
}

fn unbiased(variance: f32, pixels: u32) -> f64 {
    variance as f64 * (pixels as f64 / (pixels as f64 - 1.0))
}

fn inverse_deviation(variance: f32, eps: f32) -> f32 {
    (1.0 / libm::sqrt(variance as f64 + eps as f64)) as f32
}

/// Moves a running value towards that of the batch.
///
/// # Safety
/// A float at `running`.
#[inline(always)]
unsafe fn advance(running: *mut f32, momentum: f32, value: f64) {
    // SAFETY: the caller vouches for the float.
    unsafe { *running = (*running as f64 + momentum as f64 * (value - *running as f64)) as f32 };
}

/// # Safety
/// `partials` holds `parts` rows of `2·channels`; the others hold `channels`.
pub unsafe fn statistics(a: &BatchNormStatistics, task: &Task) {
    for c in task.range(a.channels) {
        // SAFETY: c is in range.
        unsafe {
            let moments = join(a.partials, a.parts, a.pixels, a.channels as usize, c);
            advance(a.running_mean.add(c), a.momentum, moments[0] as f64);
            advance(a.running_var.add(c), a.momentum, unbiased(moments[1], a.pixels));
            *a.mean.add(c) = moments[0];
            *a.rstd.add(c) = inverse_deviation(moments[1], a.eps);
            *a.scale.add(c) = *a.gamma.add(c) * *a.rstd.add(c);
        }
    }
}

/// # Safety
/// `partials` holds `parts` rows of `2·channels`, `moments` two of `channels`.
pub unsafe fn moments(a: &BatchNormMoments, task: &Task) {
    for c in task.range(a.channels) {
        // SAFETY: c is in range.
        unsafe {
            let moments = join(a.partials, a.parts, a.pixels, a.channels as usize, c);
            *a.moments.add(c) = moments[0];
            *a.moments.add(a.moments_stride as usize + c) = moments[1];
        }
    }
}

/// # Safety
/// `moments` holds two rows of `channels`, the others hold `channels`.
pub unsafe fn of_moments(a: &BatchNormOfMoments, task: &Task) {
    for c in task.range(a.channels) {
        // SAFETY: c is in range.
        unsafe {
            let (mean, variance) = (*a.moments.add(c), *a.moments.add(a.moments_stride as usize + c));
            advance(a.running_mean.add(c), a.momentum, mean as f64);
            advance(a.running_var.add(c), a.momentum, unbiased(variance, a.pixels));
            *a.mean.add(c) = mean;
            *a.rstd.add(c) = inverse_deviation(variance, a.eps);
        }
    }
}

/// # Safety
/// All pointers hold `channels` floats.
pub unsafe fn frozen(a: &BatchNormFrozen, task: &Task) {
    for c in task.range(a.channels) {
        // SAFETY: c is in range.
        unsafe {
            let rstd = inverse_deviation(*a.var.add(c), a.eps);
            *a.rstd.add(c) = rstd;
            *a.scale.add(c) = *a.gamma.add(c) * rstd;
        }
    }
}

/// # Safety
/// `partials` holds `parts` rows of `2·channels`, `factors` and, unless null, `earlier` three of `channels`; the others hold `channels`.
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
            let earlier = |row: usize| match a.earlier.is_null() {
                true => 0.0,
                false => *a.earlier.add(row * a.earlier_stride as usize + c) as f64,
            };
            let factors = a.factors.add(c);
            let stride = a.factors_stride as usize;
            *factors = if a.scaled != 0 { 1.0 } else { scale as f32 };
            *factors.add(stride) = (share * rstd * dgamma + earlier(1)) as f32;
            *factors.add(2 * stride) = (share * dbeta + earlier(2)) as f32;
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
