//! The definition, with sums in f64.

use super::{
    GroupNormApply, GroupNormBackwardApply, GroupNormBackwardFactors, GroupNormBackwardPartials, GroupNormParameters,
    GroupNormStatistics, part_of,
};
use crate::abi::Task;
use crate::pixels::{List, Pixels, each};

/// # Safety
/// `partials` holds `images·parts` rows of `2·channels`, `gamma` `channels`; the others hold `[images, channels]`.
pub unsafe fn statistics(a: &GroupNormStatistics, task: &Task) {
    let (groups, depth, parts) = (a.groups as usize, (a.channels / a.groups) as usize, a.parts as usize);
    // SAFETY: as above.
    let (partials, gamma, [mean, rstd, scale]) = unsafe {
        (
            Pixels::new(a.partials, a.channels, 2 * a.images * a.parts, a.channels),
            List::new(a.gamma, a.channels as usize),
            [a.mean, a.rstd, a.scale].map(|row| Pixels::new(row.cast_const(), a.channels, a.images, a.channels)),
        )
    };
    for item in task.range(a.images * a.groups) {
        let (image, first) = (item / groups, item % groups * depth);
        let members = || (0..parts).flat_map(move |part| (first..first + depth).map(move |c| (part, c)));
        let count = |part: usize| part_of(a.pixels, a.parts, part).len() as f64;
        let mean_of = |part: usize, c: usize| partials.at(2 * (image * parts + part), c);
        let n = (a.pixels as usize * depth) as f64;
        let middle = members().map(|(part, c)| count(part) * mean_of(part, c)).sum::<f64>() / n;
        let squares: f64 = members()
            .map(|(part, c)| {
                let delta = mean_of(part, c) - middle;
                partials.at(2 * (image * parts + part) + 1, c) + count(part) * delta * delta
            })
            .sum();
        let inverse = 1.0 / libm::sqrt(squares / n + a.eps as f64);
        for c in first..first + depth {
            mean.set(image, c, middle);
            rstd.set(image, c, inverse);
            scale.set(image, c, gamma.at(c) * inverse);
        }
    }
}

/// # Safety
/// Tensors cover their pixels at their strides, mean and scale `[images, channels]`, beta `channels`.
pub unsafe fn apply(a: &GroupNormApply, task: &Task) {
    let all = a.images * a.pixels;
    // SAFETY: as above.
    let ([x, y], [mean, scale], beta) = unsafe {
        (
            [Pixels::new(a.x, a.x_stride, all, a.channels), Pixels::new(a.y, a.y_stride, all, a.channels)],
            [a.mean, a.scale].map(|row| Pixels::new(row, a.channels, a.images, a.channels)),
            List::new(a.beta, a.channels as usize),
        )
    };
    for (p, c) in each(task, all, a.channels) {
        let image = p / a.pixels as usize;
        y.set(p, c, (x.at(p, c) - mean.at(image, c)) * scale.at(image, c) + beta.at(c));
    }
}

/// # Safety
/// Tensors cover their pixels at their strides, mean `[images, channels]`, partials `images·parts` rows of `2·channels`.
pub unsafe fn backward_partials(a: &GroupNormBackwardPartials, task: &Task) {
    let (all, parts) = (a.images * a.pixels, a.parts as usize);
    // SAFETY: as above.
    let ([dy, x], mean, partials) = unsafe {
        (
            [Pixels::new(a.dy, a.dy_stride, all, a.channels), Pixels::new(a.x, a.x_stride, all, a.channels)],
            Pixels::new(a.mean, a.channels, a.images, a.channels),
            Pixels::new(a.partials.cast_const(), a.channels, 2 * a.images * a.parts, a.channels),
        )
    };
    for (item, c) in each(task, a.images * a.parts, a.channels) {
        let image = item / parts;
        let pixels = part_of(a.pixels, a.parts, item % parts).map(|p| image * a.pixels as usize + p);
        partials.set(2 * item, c, pixels.clone().map(|p| dy.at(p, c)).sum());
        partials.set(2 * item + 1, c, pixels.map(|p| dy.at(p, c) * (x.at(p, c) - mean.at(image, c))).sum());
    }
}

/// # Safety
/// `partials` holds `images·parts` rows of `2·channels`, `gamma` `channels`, rstd `[images, channels]`, factors
/// `[images, 3, channels]`.
pub unsafe fn backward_factors(a: &GroupNormBackwardFactors, task: &Task) {
    let (groups, depth, parts) = (a.groups as usize, (a.channels / a.groups) as usize, a.parts as usize);
    // SAFETY: as above.
    let (partials, gamma, rstd, factors) = unsafe {
        (
            Pixels::new(a.partials, a.channels, 2 * a.images * a.parts, a.channels),
            List::new(a.gamma, a.channels as usize),
            Pixels::new(a.rstd, a.channels, a.images, a.channels),
            Pixels::new(a.factors.cast_const(), a.channels, 3 * a.images, a.channels),
        )
    };
    for item in task.range(a.images * a.groups) {
        let (image, first) = (item / groups, item % groups * depth);
        let n = (a.pixels as usize * depth) as f64;
        let mean_of = |row: usize| {
            let of = |c: usize| (0..parts).map(|part| partials.at(2 * (image * parts + part) + row, c)).sum::<f64>();
            (first..first + depth).map(|c| gamma.at(c) * of(c)).sum::<f64>() / n
        };
        let inverse = rstd.at(image, first);
        for c in first..first + depth {
            factors.set(3 * image, c, gamma.at(c) * inverse);
            factors.set(3 * image + 1, c, -libm::pow(inverse, 3.0) * mean_of(1));
            factors.set(3 * image + 2, c, -inverse * mean_of(0));
        }
    }
}

/// # Safety
/// `partials` holds `images·parts` rows of `2·channels`, rstd `[images, channels]`, the others `channels`.
pub unsafe fn parameters(a: &GroupNormParameters, task: &Task) {
    let rows = (a.images * a.parts) as usize;
    // SAFETY: as above.
    let (partials, rstd, [dgamma, dbeta]) = unsafe {
        (
            Pixels::new(a.partials, a.channels, 2 * a.images * a.parts, a.channels),
            Pixels::new(a.rstd, a.channels, a.images, a.channels),
            [a.dgamma, a.dbeta].map(|list| List::new(list.cast_const(), a.channels as usize)),
        )
    };
    for c in task.range(a.channels) {
        dgamma.set(c, (0..rows).map(|row| partials.at(2 * row + 1, c) * rstd.at(row / a.parts as usize, c)).sum());
        dbeta.set(c, (0..rows).map(|row| partials.at(2 * row, c)).sum());
    }
}

/// # Safety
/// Tensors cover their pixels at their strides, mean `[images, channels]`, factors `[images, 3, channels]`.
pub unsafe fn backward_apply(a: &GroupNormBackwardApply, task: &Task) {
    let all = a.images * a.pixels;
    // SAFETY: as above.
    let ([dy, x, dx], mean, factors) = unsafe {
        (
            [(a.dy, a.dy_stride), (a.x, a.x_stride), (a.dx.cast_const(), a.dx_stride)]
                .map(|(tensor, stride)| Pixels::new(tensor, stride, all, a.channels)),
            Pixels::new(a.mean, a.channels, a.images, a.channels),
            Pixels::new(a.factors, a.channels, 3 * a.images, a.channels),
        )
    };
    for (p, c) in each(task, all, a.channels) {
        let image = p / a.pixels as usize;
        let [scale, slope, shift] = [0, 1, 2].map(|row| factors.at(3 * image + row, c));
        dx.set(p, c, scale * dy.at(p, c) + slope * (x.at(p, c) - mean.at(image, c)) + shift);
    }
}
