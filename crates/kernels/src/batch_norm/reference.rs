//! The definition, channel by channel, sums in f64.

use super::{BatchNormApply, BatchNormBackwardApply, BatchNormBackwardPartials, BatchNormFold, BatchNormPartials};
use crate::abi::Task;

/// # Safety
/// `x` covers `pixels` rows; `partials` has `2·channels` floats for each chunk.
pub unsafe fn partials(a: &BatchNormPartials, task: &Task) {
    let (channels, range) = (a.channels as usize, task.range(a.pixels));
    for c in 0..channels {
        // SAFETY: p and c are in range.
        unsafe {
            let x = |p: usize| *a.x.add(p * a.x_stride as usize + c) as f64;
            let mean = range.clone().map(x).sum::<f64>() / range.len() as f64;
            let row = a.partials.add(2 * channels * task.chunk as usize + c);
            *row = mean as f32;
            *row.add(channels) = range.clone().map(|p| (x(p) - mean) * (x(p) - mean)).sum::<f64>() as f32;
        }
    }
}

/// # Safety
/// `x` and `y` cover `pixels` rows, the others `channels` floats.
pub unsafe fn apply(a: &BatchNormApply, task: &Task) {
    for p in task.range(a.pixels) {
        for c in 0..a.channels as usize {
            // SAFETY: p and c are in range.
            unsafe {
                let centred = *a.x.add(p * a.x_stride as usize + c) as f64 - *a.mean.add(c) as f64;
                let y = centred * *a.scale.add(c) as f64 + *a.beta.add(c) as f64;
                *a.y.add(p * a.y_stride as usize + c) = if a.relu != 0 && y < 0.0 { 0.0 } else { y as f32 };
            }
        }
    }
}

/// # Safety
/// `dy`, `x` and `y` (unless null) cover `pixels` rows, `gamma`, `rstd` and `beta` (unless null) `channels` floats; `partials` has `2·channels` floats for each chunk.
pub unsafe fn backward_partials(a: &BatchNormBackwardPartials, task: &Task) {
    let channels = a.channels as usize;
    for c in 0..channels {
        let (mut sum, mut product) = (0.0, 0.0);
        // SAFETY: p and c are in range.
        unsafe {
            for p in task.range(a.pixels) {
                let centred = *a.x.add(p * a.x_stride as usize + c) as f64 - *a.mean.add(c) as f64;
                let kept = match (a.y.is_null(), a.beta.is_null()) {
                    (false, _) => *a.y.add(p * a.y_stride as usize + c) > 0.0,
                    (_, false) => centred * (*a.gamma.add(c) * *a.rstd.add(c)) as f64 + *a.beta.add(c) as f64 > 0.0,
                    _ => true,
                };
                let d = if kept { *a.dy.add(p * a.dy_stride as usize + c) as f64 } else { 0.0 };
                sum += d;
                product += d * centred;
            }
            let row = a.partials.add(2 * channels * task.chunk as usize + c);
            *row = sum as f32;
            *row.add(channels) = product as f32;
        }
    }
}

/// # Safety
/// `dy`, `x`, `dx` and, unless null, `y` and `residual` cover `pixels` rows, `factors` three rows of `channels`.
pub unsafe fn backward_apply(a: &BatchNormBackwardApply, task: &Task) {
    let channels = a.channels as usize;
    for p in task.range(a.pixels) {
        for c in 0..channels {
            // SAFETY: p and c are in range.
            unsafe {
                let factor = |row: usize| *a.factors.add(row * a.factors_stride as usize + c) as f64;
                let centred = *a.x.add(p * a.x_stride as usize + c) as f64 - *a.mean.add(c) as f64;
                let kept = match (a.y.is_null(), a.beta.is_null()) {
                    (false, _) => *a.y.add(p * a.y_stride as usize + c) > 0.0,
                    (_, false) => centred * factor(0) + *a.beta.add(c) as f64 > 0.0,
                    _ => true,
                };
                let d = if kept { *a.dy.add(p * a.dy_stride as usize + c) as f64 } else { 0.0 };
                let residual = if a.residual.is_null() { 0.0 } else { *a.residual.add(p * a.residual_stride as usize + c) };
                let dx = factor(0) * d + factor(1) * centred + factor(2);
                *a.dx.add(p * a.dx_stride as usize + c) = dx as f32 + residual;
            }
        }
    }
}

/// # Safety
/// `w` and `folded` hold `rows·channels` floats, `scale` holds `channels`.
pub unsafe fn fold(a: &BatchNormFold, task: &Task) {
    let channels = a.channels as usize;
    for i in task.range(a.rows).flat_map(|row| row * channels..(row + 1) * channels) {
        // SAFETY: i is in range.
        unsafe { *a.folded.add(i) = *a.w.add(i) * *a.scale.add(i % channels) };
    }
}
