//! The definitions, with sums in f64; weights are `[KH, KW, C/groups, O]`.

use super::{Conv2dBackwardInput, Conv2dBackwardWeight, Conv2dForward, Conv2dWinograd, Conv2dWinogradWeight, ConvGeometry, Norm};
use crate::abi::Task;
use crate::pixels::{List, Pixels, each, relu};

/// `Σ_(tap, c) x[source(place, tap), c]·w[tap, c, o]` over the channels of o's group.
fn convolve(g: &ConvGeometry, x: impl Fn(usize, usize) -> f64, w: &Pixels<f32>, place: [usize; 3], o: usize) -> f64 {
    let (depth, group) = (g.depth() as usize, o / g.columns() as usize);
    let mut sum = 0.0;
    for (index, tap) in g.taps().enumerate() {
        let Some(pixel) = g.source(place, tap) else { continue };
        for c in 0..depth {
            sum += x(pixel, group * depth + c) * w.at(index * depth + c, o);
        }
    }
    sum
}

/// # Safety
/// `w` holds the weights of the geometry.
unsafe fn weights<'a>(w: *const f32, g: &ConvGeometry) -> Pixels<'a, f32> {
    // SAFETY: the caller vouches for them.
    unsafe { Pixels::new(w, g.out_channels, g.kernel_height * g.kernel_width * g.depth(), g.out_channels) }
}

/// Batch norm between its statistics and ReLU.
struct Line<'a> {
    mean: List<'a, f32>,
    gamma: List<'a, f32>,
    rstd: List<'a, f32>,
    beta: List<'a, f32>,
}

impl Line<'_> {
    /// None where there is no norm.
    ///
    /// # Safety
    /// Its pointers hold `channels` floats, or are null.
    unsafe fn of(norm: &Norm, channels: u32) -> Option<Self> {
        let list = |first: *const f32| {
            // SAFETY: the caller vouches for the channels.
            unsafe { List::optional(first, channels as usize) }
        };
        Some(Self { mean: list(norm.mean)?, gamma: list(norm.gamma)?, rstd: list(norm.rstd)?, beta: list(norm.beta)? })
    }
    fn scale(&self, c: usize) -> f64 {
        self.gamma.at(c) * self.rstd.at(c)
    }
    fn at(&self, x: f64, c: usize) -> f64 {
        self.beta.at(c) + (x - self.mean.at(c)) * self.scale(c)
    }
}

/// # Safety
/// Pointers cover the tensors that the geometry describes.
pub unsafe fn forward(a: &Conv2dForward, task: &Task) {
    let g = &a.geometry;
    let [last_n, last_y, last_x] = g.output(g.out_pixels() as usize - 1);
    let index = |[n, oy, ox]: [usize; 3]| n * a.y_image as usize + oy * a.y_row as usize + ox * a.y_column as usize;
    let written = index([last_n, last_y, last_x]) as u32 + 1;
    // SAFETY: as above; y and residual end with the last output.
    let (x, w, bias, residual, y, norm) = unsafe {
        (
            Pixels::new(a.x, a.x_stride, g.pixels(), g.in_channels),
            weights(a.w, g),
            List::optional(a.bias, g.out_channels as usize),
            Pixels::optional(a.residual, a.residual_stride, written, g.out_channels),
            Pixels::new(a.y, a.y_stride, written, g.out_channels),
            Line::of(&a.norm, g.in_channels),
        )
    };
    let read = |p: usize, c: usize| norm.as_ref().map_or(x.at(p, c), |norm| relu(norm.at(x.at(p, c), c)));
    for (pixel, o) in each(task, g.out_pixels(), g.out_channels) {
        let (place, out) = (g.output(pixel), index(g.output(pixel)));
        let bias = bias.map_or(0.0, |bias| bias.at(o));
        let residual = residual.map_or(0.0, |residual| residual.at(out, o));
        let sum = convolve(g, read, &w, place, o) + bias + residual;
        let most = f64::from(a.most);
        y.set(out, o, if a.relu != 0 { if sum > most { most } else { relu(sum) } } else { sum });
    }
}

/// With d, the convolution where batch norm of `norm_x` is positive and 0 elsewhere: `y = residual + d·gamma·rstd`; the chunk's
/// partial sums are `Σ d` and `Σ d·(norm_x - mean)`.
///
/// # Safety
/// Pointers cover the tensors that the geometry describes; `partials` has `2·out_channels` floats for each chunk.
pub unsafe fn norm_gradient(a: &Conv2dWinograd, task: &Task) {
    let g = &a.geometry;
    let (outputs, channels) = (g.out_pixels(), g.out_channels);
    // SAFETY: as above.
    let (x, w, residual, y, norm_x, norm, partials) = unsafe {
        (
            Pixels::new(a.x, a.x_stride, g.pixels(), g.in_channels),
            weights(a.w, g),
            Pixels::optional(a.residual, a.residual_stride, outputs, channels),
            Pixels::new(a.y, a.y_stride, outputs, channels),
            Pixels::new(a.norm_x, a.norm_x_stride, outputs, channels),
            Line::of(&a.norm, channels),
            Pixels::new(a.partials, channels, 2 * task.chunks, channels),
        )
    };
    let Some(norm) = norm else { return };
    let chunk = task.chunk as usize;
    for o in 0..channels as usize {
        let (mut sum, mut product) = (0.0, 0.0);
        for pixel in task.range(outputs) {
            let before = norm_x.at(pixel, o);
            let gradient = convolve(g, |p, c| x.at(p, c), &w, g.output(pixel), o);
            let d = if norm.at(before, o) > 0.0 { gradient } else { 0.0 };
            sum += d;
            product += d * (before - norm.mean.at(o));
            y.set(pixel, o, residual.map_or(0.0, |residual| residual.at(pixel, o)) + d * norm.scale(o));
        }
        partials.set(2 * chunk, o, sum);
        partials.set(2 * chunk + 1, o, product);
    }
}

/// # Safety
/// Pointers cover the tensors that the geometry describes.
pub unsafe fn backward_input(a: &Conv2dBackwardInput, task: &Task) {
    let g = &a.geometry;
    // SAFETY: as above.
    let (dy, w, dx) = unsafe {
        (
            Pixels::new(a.dy, a.dy_stride, g.out_pixels(), g.out_channels),
            weights(a.w, g),
            Pixels::new(a.dx, a.dx_stride, g.pixels(), g.in_channels),
        )
    };
    let [depth, columns, height, width] = [g.depth(), g.columns(), g.height, g.width].map(|v| v as usize);
    for (pixel, c) in each(task, g.pixels(), g.in_channels) {
        let (group, c_group) = (c / depth, c % depth);
        let place = [pixel / width / height, pixel / width % height, pixel % width];
        let mut sum = 0.0;
        for (index, tap) in g.taps().enumerate() {
            let Some(out) = g.target(place, tap) else { continue };
            for o in group * columns..(group + 1) * columns {
                sum += dy.at(out, o) * w.at(index * depth + c_group, o);
            }
        }
        dx.set(pixel, c, sum);
    }
}

/// # Safety
/// Pointers cover the tensors that the geometry describes; `dw` is one gradient.
pub unsafe fn backward_weight(a: &Conv2dBackwardWeight, task: &Task) {
    // SAFETY: as above.
    unsafe {
        let x = Pixels::new(a.x, a.x_stride, a.geometry.pixels(), a.geometry.in_channels);
        weight_gradient(&a.geometry, |p, c| x.at(p, c), a.dy, a.dy_stride, a.dw, task);
    }
}

/// With `max(beta + (x - mean)·gamma·rstd, 0)` for x.
///
/// # Safety
/// Pointers cover the tensors that the geometry describes; `dw` is one gradient.
pub unsafe fn backward_weight_of_norm(a: &Conv2dWinogradWeight, task: &Task) {
    // SAFETY: as above.
    unsafe {
        let x = Pixels::new(a.x, a.x_stride, a.geometry.pixels(), a.geometry.in_channels);
        let Some(norm) = Line::of(&a.norm, a.geometry.in_channels) else { return };
        weight_gradient(&a.geometry, |p, c| relu(norm.at(x.at(p, c), c)), a.dy, a.dy_stride, a.dw, task);
    }
}

/// `dw[tap, c, o] = Σ_outputs x[source(output, tap), c]·dy[output, o]`, c in the group of o.
///
/// # Safety
/// `dy` covers the outputs, `dw` is one gradient.
unsafe fn weight_gradient(
    g: &ConvGeometry,
    x: impl Fn(usize, usize) -> f64,
    dy: *const f32,
    dy_stride: u32,
    dw: *mut f32,
    task: &Task,
) {
    let [depth, columns] = [g.depth(), g.columns()].map(|v| v as usize);
    // SAFETY: as above.
    let (dy, dw) = unsafe { (Pixels::new(dy, dy_stride, g.out_pixels(), g.out_channels), weights(dw, g)) };
    let taps = g.kernel_height * g.kernel_width;
    for (row, o) in each(task, taps * g.depth(), g.out_channels) {
        let (tap, c) = (row / depth, o / columns * depth + row % depth);
        let tap = [tap / g.kernel_width as usize, tap % g.kernel_width as usize];
        let term = |out: usize| g.source(g.output(out), tap).map_or(0.0, |pixel| x(pixel, c) * dy.at(out, o));
        dw.set(row, o, (0..g.out_pixels() as usize).map(term).sum());
    }
}
