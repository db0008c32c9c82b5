//! The steps between two passes over pixels, in f64: chunks share the groups of all images, or the channels.

use super::{GroupNormBackwardFactors, GroupNormParameters, GroupNormStatistics, part_of};
use crate::abi::Task;
use crate::fold::finite_or_nan;

/// # Safety
/// `partials` holds `images·parts` rows of `2·channels`, `gamma` `channels`; the others hold `[images, channels]`.
pub unsafe fn statistics(a: &GroupNormStatistics, task: &Task) {
    let (channels, parts) = (a.channels as usize, a.parts as usize);
    let (groups, depth) = (a.groups as usize, (a.channels / a.groups) as usize);
    for item in task.range(a.images * a.groups) {
        let (image, first) = (item / groups, item % groups * depth);
        let (mut n, mut mean, mut squares) = (0.0, 0.0, 0.0);
        for part in 0..parts {
            let added = part_of(a.pixels, a.parts, part).len() as f64;
            for c in first..first + depth {
                // SAFETY: image, part and channel are in range.
                unsafe {
                    let row = a.partials.add(2 * (image * parts + part) * channels + c);
                    let delta = *row as f64 - mean;
                    squares += *row.add(channels) as f64 + delta * delta * (n * added / (n + added));
                    mean += delta * (added / (n + added));
                }
                n += added;
            }
        }
        let rstd = (1.0 / libm::sqrt(finite_or_nan(squares) / n + a.eps as f64)) as f32;
        for c in first..first + depth {
            // SAFETY: image and channel are in range.
            unsafe {
                *a.mean.add(image * channels + c) = mean as f32;
                *a.rstd.add(image * channels + c) = rstd;
                *a.scale.add(image * channels + c) = *a.gamma.add(c) * rstd;
            }
        }
    }
}

/// Sum of a channel's partial sums over the parts of an image: row 0 is that of dy, row 1 that of `dy·(x - mean)`.
///
/// # Safety
/// Image and channel are in range.
#[inline(always)]
unsafe fn total(partials: *const f32, parts: usize, channels: usize, image: usize, row: usize, c: usize) -> f64 {
    // SAFETY: the caller vouches for image and channel.
    (0..parts).map(|part| unsafe { *partials.add((2 * (image * parts + part) + row) * channels + c) } as f64).sum()
}

/// # Safety
/// `partials` holds `images·parts` rows of `2·channels`, `gamma` `channels`, rstd `[images, channels]`, factors
/// `[images, 3, channels]`.
pub unsafe fn backward_factors(a: &GroupNormBackwardFactors, task: &Task) {
    let (channels, parts) = (a.channels as usize, a.parts as usize);
    let (groups, depth) = (a.groups as usize, (a.channels / a.groups) as usize);
    let n = a.pixels as f64 * depth as f64;
    for item in task.range(a.images * a.groups) {
        let (image, first) = (item / groups, item % groups * depth);
        // SAFETY: image and channel are in range.
        unsafe {
            let sum = |row: usize| -> f64 {
                (first..first + depth).map(|c| *a.gamma.add(c) as f64 * total(a.partials, parts, channels, image, row, c)).sum()
            };
            let rstd = *a.rstd.add(image * channels + first) as f64;
            let (shift, slope) = (-rstd * sum(0) / n, -rstd * rstd * rstd * sum(1) / n);
            for c in first..first + depth {
                let factors = a.factors.add(3 * image * channels + c);
                *factors = (*a.gamma.add(c) as f64 * rstd) as f32;
                *factors.add(channels) = slope as f32;
                *factors.add(2 * channels) = shift as f32;
            }
        }
    }
}

/// # Safety
/// `partials` holds `images·parts` rows of `2·channels`, rstd `[images, channels]`, the others `channels`.
pub unsafe fn parameters(a: &GroupNormParameters, task: &Task) {
    let (channels, parts) = (a.channels as usize, a.parts as usize);
    for c in task.range(a.channels) {
        let (mut dgamma, mut dbeta) = (0.0, 0.0);
        for image in 0..a.images as usize {
            // SAFETY: image and channel are in range.
            unsafe {
                dgamma += total(a.partials, parts, channels, image, 1, c) * *a.rstd.add(image * channels + c) as f64;
                dbeta += total(a.partials, parts, channels, image, 0, c);
            }
        }
        // SAFETY: c is in range.
        unsafe {
            *a.dgamma.add(c) = dgamma as f32;
            *a.dbeta.add(c) = dbeta as f32;
        }
    }
}
