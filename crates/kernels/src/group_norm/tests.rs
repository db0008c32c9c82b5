use super::*;
use crate::batch_norm::{BatchNormPartials, simd};
use crate::lanes::{F32x4, Lanes, Pair};
use crate::testing::{Buffer, Random, assert_close, run_chunks};

struct Problem {
    sizes: [u32; 5],
    x: Buffer,
    dy: Buffer,
    gamma: Buffer,
    beta: Buffer,
    chunks: u32,
}

/// y, dx, dgamma and dbeta by a variant's passes over pixels.
fn run<L: Lanes>(p: &Problem) -> [Buffer; 4] {
    let [images, pixels, channels, groups, parts] = p.sizes;
    let count = (images * pixels * channels) as usize;
    let [mut y, mut dx] = [0; 2].map(|_| Buffer::new(count));
    let [mut mean, mut rstd, mut scale, mut dgamma, mut dbeta] =
        [images, images, images, 1, 1].map(|rows| Buffer::new((rows * channels) as usize));
    let mut partials = Buffer::new((2 * images * parts * channels) as usize);
    let mut factors = Buffer::new((3 * images * channels) as usize);
    let (x, dy, stride) = (p.x.ptr(), p.dy.ptr(), channels);
    let args = BatchNormPartials { x, x_stride: stride, pixels: images * pixels, channels, partials: partials.mut_ptr() };
    run_chunks(simd::partials::<L>, &args, images * parts, 0);
    let args = GroupNormStatistics {
        partials: partials.ptr(),
        parts,
        images,
        pixels,
        channels,
        groups,
        gamma: p.gamma.ptr(),
        eps: 1e-3,
        mean: mean.mut_ptr(),
        rstd: rstd.mut_ptr(),
        scale: scale.mut_ptr(),
    };
    run_chunks(finish::statistics, &args, p.chunks, 0);
    let args = GroupNormApply {
        x,
        x_stride: stride,
        mean: mean.ptr(),
        scale: scale.ptr(),
        beta: p.beta.ptr(),
        y: y.mut_ptr(),
        y_stride: stride,
        images,
        pixels,
        channels,
    };
    run_chunks(images::apply::<L>, &args, p.chunks, 0);
    let args = GroupNormBackwardPartials {
        dy,
        dy_stride: stride,
        x,
        x_stride: stride,
        mean: mean.ptr(),
        partials: partials.mut_ptr(),
        parts,
        images,
        pixels,
        channels,
    };
    run_chunks(images::backward_partials::<L>, &args, p.chunks, 0);
    let args = GroupNormBackwardFactors {
        partials: partials.ptr(),
        parts,
        images,
        pixels,
        channels,
        groups,
        gamma: p.gamma.ptr(),
        rstd: rstd.ptr(),
        factors: factors.mut_ptr(),
    };
    run_chunks(finish::backward_factors, &args, p.chunks, 0);
    let args = GroupNormParameters {
        partials: partials.ptr(),
        parts,
        images,
        channels,
        rstd: rstd.ptr(),
        dgamma: dgamma.mut_ptr(),
        dbeta: dbeta.mut_ptr(),
    };
    run_chunks(finish::parameters, &args, p.chunks, 0);
    let args = GroupNormBackwardApply {
        dy,
        dy_stride: stride,
        x,
        x_stride: stride,
        mean: mean.ptr(),
        factors: factors.ptr(),
        dx: dx.mut_ptr(),
        dx_stride: stride,
        images,
        pixels,
        channels,
    };
    run_chunks(images::backward_apply::<L>, &args, p.chunks, 0);
    let all = [y, dx, dgamma, dbeta];
    [&mean, &rstd, &scale, &partials, &factors].into_iter().chain(&all).for_each(|buffer| buffer.assert_guards("group_norm"));
    all
}

/// The formula itself, in f64.
fn definition(p: &Problem) -> [Vec<f32>; 4] {
    let [images, pixels, channels, groups, _] = p.sizes.map(|size| size as usize);
    let depth = channels / groups;
    let count = images * pixels * channels;
    let [mut y, mut dx, mut dgamma, mut dbeta] = [count, count, channels, channels].map(|len| vec![0.0f64; len]);
    let number = |buffer: &Buffer, i: usize| buffer.values()[i] as f64;
    for item in 0..images * groups {
        let (image, first) = (item / groups, item % groups * depth);
        let places: Vec<(usize, usize)> = (0..pixels)
            .flat_map(|pixel| (first..first + depth).map(move |c| ((image * pixels + pixel) * channels + c, c)))
            .collect();
        let n = places.len() as f64;
        let mean = places.iter().map(|&(i, _)| number(&p.x, i)).sum::<f64>() / n;
        let variance = places.iter().map(|&(i, _)| (number(&p.x, i) - mean) * (number(&p.x, i) - mean)).sum::<f64>() / n;
        let rstd = 1.0 / libm::sqrt(variance + 1e-3f32 as f64);
        let normed = |i: usize| (number(&p.x, i) - mean) * rstd;
        let d = |i: usize, c: usize| number(&p.dy, i) * number(&p.gamma, c);
        let sum = places.iter().map(|&(i, c)| d(i, c)).sum::<f64>() / n;
        let product = places.iter().map(|&(i, c)| d(i, c) * normed(i)).sum::<f64>() / n;
        for &(i, c) in &places {
            y[i] = normed(i) * number(&p.gamma, c) + number(&p.beta, c);
            dx[i] = rstd * (d(i, c) - sum - normed(i) * product);
            dgamma[c] += number(&p.dy, i) * normed(i);
            dbeta[c] += number(&p.dy, i);
        }
    }
    [y, dx, dgamma, dbeta].map(|values| values.into_iter().map(|value| value as f32).collect())
}

#[test]
fn passes_equal_the_formula() {
    let mut random = Random(1);
    for case in 0..150 {
        let (images, pixels) = (random.int(1, 4), random.int(1, if case % 5 == 0 { 300 } else { 20 }));
        let groups = random.int(1, 6);
        let channels = groups * random.int(2, 9);
        let parts = random.int(1, pixels.min(4));
        let mut x = random.buffer((images * pixels * channels) as usize);
        if case % 4 == 0 {
            x.values_mut().iter_mut().for_each(|value| *value += 4.0);
        }
        let dy = random.buffer((images * pixels * channels) as usize);
        let [gamma, beta] = [0; 2].map(|_| random.buffer(channels as usize));
        let problem = Problem { sizes: [images, pixels, channels, groups, parts], x, dy, gamma, beta, chunks: 1 + case % 4 };
        let (lanes, pairs, truth) = (run::<F32x4>(&problem), run::<Pair<F32x4>>(&problem), definition(&problem));
        for (name, i) in ["y", "dx", "dgamma", "dbeta"].into_iter().zip(0..) {
            assert_close(lanes[i].values(), &truth[i], 2e-5, name);
            assert_eq!(pairs[i].bits(), lanes[i].bits(), "{name} in pairs");
        }
    }
}
