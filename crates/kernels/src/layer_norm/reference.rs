//! The definition in f64.

use super::{LayerNormBackward, LayerNormForward, LayerNormParameters};
use crate::abi::Task;
use crate::pixels::{List, Pixels};

/// # Safety
/// Tensors cover their rows at their strides.
pub unsafe fn forward(a: &LayerNormForward, task: &Task) {
    let (rows, size) = (a.pixels as usize, a.channels as usize);
    // SAFETY: as above.
    let ([x, y], [gamma, beta], [mean, rstd]) = unsafe {
        (
            [Pixels::new(a.x, a.x_stride, a.pixels, a.channels), Pixels::new(a.y, a.y_stride, a.pixels, a.channels)],
            [a.gamma, a.beta].map(|list| List::new(list, size)),
            [a.mean, a.rstd].map(|list| List::new(list.cast_const(), rows)),
        )
    };
    for row in task.range(a.pixels) {
        let middle = (0..size).map(|i| x.at(row, i)).sum::<f64>() / size as f64;
        let variance = (0..size).map(|i| (x.at(row, i) - middle) * (x.at(row, i) - middle)).sum::<f64>() / size as f64;
        let inverse = 1.0 / libm::sqrt(variance + a.eps as f64);
        mean.set(row, middle);
        rstd.set(row, inverse);
        (0..size).for_each(|i| y.set(row, i, (x.at(row, i) - middle) * inverse * gamma.at(i) + beta.at(i)));
    }
}

/// # Safety
/// Tensors cover their rows at their strides.
pub unsafe fn backward(a: &LayerNormBackward, task: &Task) {
    let (rows, size) = (a.pixels as usize, a.channels as usize);
    // SAFETY: as above.
    let ([dy, x, dx], gamma, [mean, rstd]) = unsafe {
        (
            [(a.dy, a.dy_stride), (a.x, a.x_stride), (a.dx.cast_const(), a.dx_stride)]
                .map(|(tensor, stride)| Pixels::new(tensor, stride, a.pixels, a.channels)),
            List::new(a.gamma, size),
            [a.mean, a.rstd].map(|list| List::new(list, rows)),
        )
    };
    for row in task.range(a.pixels) {
        let scaled = |i: usize| dy.at(row, i) * gamma.at(i);
        let normed = |i: usize| (x.at(row, i) - mean.at(row)) * rstd.at(row);
        let sum = (0..size).map(scaled).sum::<f64>() / size as f64;
        let product = (0..size).map(|i| scaled(i) * normed(i)).sum::<f64>() / size as f64;
        (0..size).for_each(|i| dx.set(row, i, rstd.at(row) * (scaled(i) - sum - normed(i) * product)));
    }
}

/// # Safety
/// Tensors cover their rows at their strides; `partials` has two rows for each chunk.
pub unsafe fn parameters(a: &LayerNormParameters, task: &Task) {
    let (rows, size) = (a.pixels as usize, a.channels as usize);
    // SAFETY: as above.
    let ([dy, x], partials, [mean, rstd]) = unsafe {
        (
            [Pixels::new(a.dy, a.dy_stride, a.pixels, a.channels), Pixels::new(a.x, a.x_stride, a.pixels, a.channels)],
            Pixels::new(a.partials, a.channels, 2 * task.chunks, a.channels),
            [a.mean, a.rstd].map(|list| List::new(list, rows)),
        )
    };
    let first = 2 * task.chunk as usize;
    for i in 0..size {
        let of = task.range(a.pixels);
        partials.set(first, i, of.clone().map(|row| dy.at(row, i) * (x.at(row, i) - mean.at(row)) * rstd.at(row)).sum());
        partials.set(first + 1, i, of.map(|row| dy.at(row, i)).sum());
    }
}
