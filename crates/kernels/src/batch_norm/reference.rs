//! The definition, channel by channel, sums in f64.

use super::{
    BatchNormApply, BatchNormBackwardApply, BatchNormBackwardFactors, BatchNormBackwardPartials, BatchNormFoldBias,
    BatchNormFrozen, BatchNormMoments, BatchNormOfMoments, BatchNormPartials, BatchNormStatistics,
};
use crate::abi::Task;
use crate::pixels::{List, Pixels, each, relu};

/// # Safety
/// `x` covers `pixels` rows; `partials` has `2·channels` floats for each chunk.
pub unsafe fn partials(a: &BatchNormPartials, task: &Task) {
    // SAFETY: as above.
    let [x, partials] = unsafe {
        [Pixels::new(a.x, a.x_stride, a.pixels, a.channels), Pixels::new(a.partials, a.channels, 2 * task.chunks, a.channels)]
    };
    let (range, chunk) = (task.range(a.pixels), task.chunk as usize);
    for c in 0..a.channels as usize {
        let mean = range.clone().map(|p| x.at(p, c)).sum::<f64>() / range.len() as f64;
        partials.set(2 * chunk, c, mean);
        partials.set(2 * chunk + 1, c, range.clone().map(|p| (x.at(p, c) - mean) * (x.at(p, c) - mean)).sum());
    }
}

/// Mean and biased variance of a channel, from the mean and the sum of squared deviations of each part of the pixels.
fn join(partials: &Pixels<f32>, parts: u32, pixels: u32, c: usize) -> [f64; 2] {
    let end = |part: usize| pixels as u64 * part as u64 / parts as u64;
    let count = |part: usize| (end(part + 1) - end(part)) as f64;
    let mean_of = |part: usize| partials.at(2 * part, c);
    let (n, parts) = (pixels as f64, 0..parts as usize);
    let mean = parts.clone().map(|part| count(part) * mean_of(part)).sum::<f64>() / n;
    let between = |part: usize| count(part) * (mean_of(part) - mean) * (mean_of(part) - mean);
    let squares: f64 = parts.map(|part| partials.at(2 * part + 1, c) + between(part)).sum();
    [mean, squares / n]
}

/// Moves the running statistics of a channel towards those of a batch, whose variance counts as that of a sample.
fn advance([running_mean, running_var]: [List<f32>; 2], c: usize, [mean, var]: [f64; 2], pixels: u32, momentum: f32) {
    let (n, momentum) = (pixels as f64, momentum as f64);
    running_mean.set(c, (1.0 - momentum) * running_mean.at(c) + momentum * mean);
    running_var.set(c, (1.0 - momentum) * running_var.at(c) + momentum * var * n / (n - 1.0));
}

fn rstd_of(var: f64, eps: f32) -> f64 {
    1.0 / libm::sqrt(var + eps as f64)
}

/// # Safety
/// `partials` holds `parts` rows of `2·channels`; the others hold `channels`.
pub unsafe fn statistics(a: &BatchNormStatistics, task: &Task) {
    let list = |first: *const f32| {
        // SAFETY: as above.
        unsafe { List::new(first, a.channels as usize) }
    };
    // SAFETY: as above.
    let partials = unsafe { Pixels::new(a.partials, a.channels, 2 * a.parts, a.channels) };
    let (gamma, mean, rstd, scale) = (list(a.gamma), list(a.mean), list(a.rstd), list(a.scale));
    for c in task.range(a.channels) {
        let moments = join(&partials, a.parts, a.pixels, c);
        advance([list(a.running_mean), list(a.running_var)], c, moments, a.pixels, a.momentum);
        mean.set(c, moments[0]);
        rstd.set(c, rstd_of(moments[1], a.eps));
        scale.set(c, gamma.at(c) * rstd_of(moments[1], a.eps));
    }
}

/// # Safety
/// `partials` holds `parts` rows of `2·channels`, `moments` two of `channels`.
pub unsafe fn moments(a: &BatchNormMoments, task: &Task) {
    // SAFETY: as above.
    let [partials, moments] = unsafe {
        [Pixels::new(a.partials, a.channels, 2 * a.parts, a.channels), Pixels::new(a.moments, a.moments_stride, 2, a.channels)]
    };
    for c in task.range(a.channels) {
        let [mean, var] = join(&partials, a.parts, a.pixels, c);
        moments.set(0, c, mean);
        moments.set(1, c, var);
    }
}

/// # Safety
/// `moments` holds two rows of `channels`, the others hold `channels`.
pub unsafe fn of_moments(a: &BatchNormOfMoments, task: &Task) {
    let list = |first: *const f32| {
        // SAFETY: as above.
        unsafe { List::new(first, a.channels as usize) }
    };
    // SAFETY: as above.
    let moments = unsafe { Pixels::new(a.moments, a.moments_stride, 2, a.channels) };
    for c in task.range(a.channels) {
        let [mean, var] = [moments.at(0, c), moments.at(1, c)];
        advance([list(a.running_mean), list(a.running_var)], c, [mean, var], a.pixels, a.momentum);
        list(a.mean).set(c, mean);
        list(a.rstd).set(c, rstd_of(var, a.eps));
    }
}

/// # Safety
/// All pointers hold `channels` floats.
pub unsafe fn frozen(a: &BatchNormFrozen, task: &Task) {
    let list = |first: *const f32| {
        // SAFETY: as above.
        unsafe { List::new(first, a.channels as usize) }
    };
    for c in task.range(a.channels) {
        let rstd = rstd_of(list(a.var).at(c), a.eps);
        list(a.rstd).set(c, rstd);
        list(a.scale).set(c, list(a.gamma).at(c) * rstd);
    }
}

/// # Safety
/// `x` and `y` cover `pixels` rows, the others `channels` floats.
pub unsafe fn apply(a: &BatchNormApply, task: &Task) {
    let list = |first: *const f32| {
        // SAFETY: as above.
        unsafe { List::new(first, a.channels as usize) }
    };
    // SAFETY: as above.
    let [x, y] =
        unsafe { [Pixels::new(a.x, a.x_stride, a.pixels, a.channels), Pixels::new(a.y, a.y_stride, a.pixels, a.channels)] };
    let (mean, scale, beta) = (list(a.mean), list(a.scale), list(a.beta));
    for (p, c) in each(task, a.pixels, a.channels) {
        let value = (x.at(p, c) - mean.at(c)) * scale.at(c) + beta.at(c);
        y.set(p, c, if a.relu != 0 { relu(value) } else { value });
    }
}

/// # Safety
/// `dy`, `x` and `y` (unless null) cover `pixels` rows, `gamma`, `rstd` and `beta` (unless null) `channels` floats; `partials`
/// has `2·channels` floats for each chunk.
pub unsafe fn backward_partials(a: &BatchNormBackwardPartials, task: &Task) {
    let BatchNormBackwardPartials { pixels, channels, .. } = *a;
    // SAFETY: as above.
    let ([dy, x, partials], y, [mean, gamma, rstd], beta) = unsafe {
        let tensors = [
            Pixels::new(a.dy, a.dy_stride, pixels, channels),
            Pixels::new(a.x, a.x_stride, pixels, channels),
            Pixels::new(a.partials, channels, 2 * task.chunks, channels),
        ];
        (
            tensors,
            Pixels::optional(a.y, a.y_stride, pixels, channels),
            [a.mean, a.gamma, a.rstd].map(|first| List::new(first, channels as usize)),
            List::optional(a.beta, channels as usize),
        )
    };
    let chunk = task.chunk as usize;
    for c in 0..channels as usize {
        let (mut sum, mut product) = (0.0, 0.0);
        for p in task.range(pixels) {
            let centred = x.at(p, c) - mean.at(c);
            let scale = gamma.at(c) * rstd.at(c);
            let d = if positive(y, beta, p, c, centred * scale) { dy.at(p, c) } else { 0.0 };
            sum += d;
            product += d * centred;
        }
        partials.set(2 * chunk, c, sum);
        partials.set(2 * chunk + 1, c, product);
    }
}

/// Whether the ReLU after batch norm lets a gradient pass: its result y is positive, or `scaled + beta` is, where that tells.
fn positive(y: Option<Pixels<f32>>, beta: Option<List<f32>>, p: usize, c: usize, scaled: f64) -> bool {
    match (y, beta) {
        (Some(y), _) => y.at(p, c) > 0.0,
        (None, Some(beta)) => scaled + beta.at(c) > 0.0,
        (None, None) => true,
    }
}

/// # Safety
/// `partials` holds `parts` rows of `2·channels`, `factors` and, unless null, `earlier` three of `channels`; the others hold `channels`.
pub unsafe fn backward_factors(a: &BatchNormBackwardFactors, task: &Task) {
    // SAFETY: as above.
    let ([partials, factors], earlier, [gamma, rstd, dgamma, dbeta]) = unsafe {
        (
            [
                Pixels::new(a.partials, a.channels, 2 * a.parts, a.channels),
                Pixels::new(a.factors, a.factors_stride, 3, a.channels),
            ],
            Pixels::optional(a.earlier, a.earlier_stride, 3, a.channels),
            [a.gamma, a.rstd, a.dgamma, a.dbeta].map(|first| List::new(first, a.channels as usize)),
        )
    };
    for c in task.range(a.channels) {
        let total = |row: usize| (0..a.parts as usize).map(|part| partials.at(2 * part + row, c)).sum::<f64>();
        let before = |row: usize| earlier.map_or(0.0, |earlier| earlier.at(row, c));
        let (n, scale) = (a.pixels as f64, gamma.at(c) * rstd.at(c));
        let (sum, product) = (total(0), total(1) * rstd.at(c));
        // Frozen statistics do not depend on x.
        let [by_x, constant] = match a.frozen {
            0 => [-scale * rstd.at(c) * product / n, -scale * sum / n],
            _ => [0.0, 0.0],
        };
        dbeta.set(c, sum);
        dgamma.set(c, product);
        factors.set(0, c, if a.scaled != 0 { 1.0 } else { scale });
        factors.set(1, c, by_x + before(1));
        factors.set(2, c, constant + before(2));
    }
}

/// # Safety
/// `dy`, `x`, `dx` and, unless null, `y` and `residual` cover `pixels` rows, `factors` three rows of `channels`, `mean` and,
/// unless null, `beta` hold `channels`.
pub unsafe fn backward_apply(a: &BatchNormBackwardApply, task: &Task) {
    let BatchNormBackwardApply { pixels, channels, .. } = *a;
    // SAFETY: as above.
    let ([dy, x, dx, factors], [y, residual], mean, beta) = unsafe {
        (
            [
                Pixels::new(a.dy, a.dy_stride, pixels, channels),
                Pixels::new(a.x, a.x_stride, pixels, channels),
                Pixels::new(a.dx, a.dx_stride, pixels, channels),
                Pixels::new(a.factors, a.factors_stride, 3, channels),
            ],
            [
                Pixels::optional(a.y, a.y_stride, pixels, channels),
                Pixels::optional(a.residual, a.residual_stride, pixels, channels),
            ],
            List::new(a.mean, channels as usize),
            List::optional(a.beta, channels as usize),
        )
    };
    for (p, c) in each(task, pixels, channels) {
        let [scale, by_x, constant] = [0, 1, 2].map(|row| factors.at(row, c));
        let centred = x.at(p, c) - mean.at(c);
        let d = if positive(y, beta, p, c, centred * scale) { dy.at(p, c) } else { 0.0 };
        let residual = residual.map_or(0.0, |residual| residual.at(p, c));
        dx.set(p, c, scale * d + by_x * centred + constant + residual);
    }
}

/// # Safety
/// All pointers hold `channels` floats; `bias` may be null.
pub unsafe fn fold_bias(a: &BatchNormFoldBias, task: &Task) {
    // SAFETY: as above.
    let (bias, [beta, mean, scale, folded]) = unsafe {
        let of = |first: *const f32| List::new(first, a.channels as usize);
        (List::optional(a.bias, a.channels as usize), [of(a.beta), of(a.mean), of(a.scale), of(a.folded)])
    };
    for c in task.range(a.channels) {
        let bias = bias.map_or(0.0, |bias| bias.at(c));
        folded.set(c, beta.at(c) + (bias - mean.at(c)) * scale.at(c));
    }
}
