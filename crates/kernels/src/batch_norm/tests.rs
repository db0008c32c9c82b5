use super::*;
use crate::abi::Task;
use crate::testing::{Buffer, Random, assert_close, run_chunks};

const EPS: f32 = 1e-5;
const MOMENTUM: f32 = 0.1;

struct Kernels {
    partials: unsafe fn(&BatchNormPartials, &Task),
    statistics: unsafe fn(&BatchNormStatistics, &Task),
    frozen: unsafe fn(&BatchNormFrozen, &Task),
    apply: unsafe fn(&BatchNormApply, &Task),
    backward_partials: unsafe fn(&BatchNormBackwardPartials, &Task),
    backward_factors: unsafe fn(&BatchNormBackwardFactors, &Task),
    backward_apply: unsafe fn(&BatchNormBackwardApply, &Task),
}

const SIMD: Kernels = Kernels {
    partials: simd::partials::<Vector>,
    statistics: finish::statistics,
    frozen: finish::frozen,
    apply: simd::apply::<Vector>,
    backward_partials: simd_backward::backward_partials::<Vector>,
    backward_factors: finish::backward_factors,
    backward_apply: simd_backward::backward_apply::<Vector>,
};

const REFERENCE: Kernels = Kernels {
    partials: reference::partials,
    statistics: reference::statistics,
    frozen: reference::frozen,
    apply: reference::apply,
    backward_partials: reference::backward_partials,
    backward_factors: reference::backward_factors,
    backward_apply: reference::backward_apply,
};

/// One problem with inputs in gapped rows.
struct Case {
    pixels: usize,
    channels: usize,
    stride: usize,
    chunks: u32,
    relu: bool,
    frozen: bool,
    /// Whether the mask is read from y or computed from x.
    by_output: bool,
    /// Whether dy is added to dx.
    residual: bool,
    x: Buffer,
    dy: Buffer,
    gamma: Buffer,
    beta: Buffer,
}

impl Case {
    fn new(random: &mut Random, offset: f32) -> Self {
        let (pixels, channels) = (random.int(2, 700) as usize, random.int(1, 21) as usize);
        let stride = channels + random.int(0, 1) as usize * 3;
        let mut x = random.buffer(pixels * stride);
        x.values_mut().iter_mut().for_each(|value| *value += offset);
        Self {
            pixels,
            channels,
            stride,
            chunks: random.int(1, 5.min(pixels as u32)),
            relu: random.int(0, 1) == 1,
            frozen: random.int(0, 3) == 0,
            by_output: random.int(0, 1) == 1,
            residual: random.int(0, 1) == 1,
            x,
            dy: random.buffer(pixels * stride),
            gamma: random.buffer(channels),
            beta: random.buffer(channels),
        }
    }

    /// y, dx (without gaps), dgamma, dbeta, running mean, running variance by the kernels.
    fn run(&self, kernels: &Kernels) -> [Vec<f32>; 6] {
        let (pixels, channels, stride) = (self.pixels as u32, self.channels as u32, self.stride as u32);
        let parts = self.chunks;
        let mut partials = Buffer::new(2 * self.channels * parts as usize);
        let [mut mean, mut rstd, mut scale, mut dgamma, mut dbeta] = [0; 5].map(|_| Buffer::new(self.channels));
        let mut factors = Buffer::new(3 * self.channels);
        let [mut running_mean, mut running_var] = [1, 2].map(|seed| Random(seed).buffer(self.channels));
        running_var.values_mut().iter_mut().for_each(|x| *x = x.abs() + 0.1);
        let [mut y, mut dx] = [3, 4].map(|seed| Random(seed).buffer(self.pixels * (self.stride + 1)));
        let (y_stride, dx_stride) = (stride + 1, stride + 1);
        if self.frozen {
            mean = running_mean.clone();
            let (rstd, scale) = (rstd.mut_ptr(), scale.mut_ptr());
            let (gamma, var) = (self.gamma.ptr(), running_var.ptr());
            run_chunks(kernels.frozen, &BatchNormFrozen { gamma, var, eps: EPS, channels, rstd, scale }, 2, 0);
        } else {
            let x = self.x.ptr();
            let args = BatchNormPartials { x, x_stride: stride, pixels, channels, partials: partials.mut_ptr() };
            run_chunks(kernels.partials, &args, parts, 0);
            let args = BatchNormStatistics {
                partials: partials.ptr(),
                parts,
                pixels,
                channels,
                gamma: self.gamma.ptr(),
                running_mean: running_mean.mut_ptr(),
                running_var: running_var.mut_ptr(),
                eps: EPS,
                momentum: MOMENTUM,
                mean: mean.mut_ptr(),
                rstd: rstd.mut_ptr(),
                scale: scale.mut_ptr(),
            };
            run_chunks(kernels.statistics, &args, 2, 0);
        }
        let args = BatchNormApply {
            x: self.x.ptr(),
            x_stride: stride,
            mean: mean.ptr(),
            scale: scale.ptr(),
            beta: self.beta.ptr(),
            y: y.mut_ptr(),
            y_stride,
            pixels,
            channels,
            relu: self.relu as u32,
        };
        run_chunks(kernels.apply, &args, 3, 0);
        let null = core::ptr::null();
        let mask = if self.relu && self.by_output { y.ptr() } else { null };
        let beta = if self.relu && !self.by_output { self.beta.ptr() } else { null };
        let args = BatchNormBackwardPartials {
            dy: self.dy.ptr(),
            dy_stride: stride,
            x: self.x.ptr(),
            x_stride: stride,
            y: mask,
            y_stride,
            mean: mean.ptr(),
            gamma: self.gamma.ptr(),
            rstd: rstd.ptr(),
            beta,
            pixels,
            channels,
            partials: partials.mut_ptr(),
        };
        run_chunks(kernels.backward_partials, &args, parts, 0);
        let args = BatchNormBackwardFactors {
            partials: partials.ptr(),
            parts,
            pixels,
            channels,
            gamma: self.gamma.ptr(),
            rstd: rstd.ptr(),
            frozen: self.frozen as u32,
            scaled: 0,
            earlier: null,
            earlier_stride: 0,
            dgamma: dgamma.mut_ptr(),
            dbeta: dbeta.mut_ptr(),
            factors: factors.mut_ptr(),
            factors_stride: channels,
        };
        run_chunks(kernels.backward_factors, &args, 2, 0);
        let args = BatchNormBackwardApply {
            dy: self.dy.ptr(),
            dy_stride: stride,
            x: self.x.ptr(),
            x_stride: stride,
            y: mask,
            y_stride,
            mean: mean.ptr(),
            beta,
            factors: factors.ptr(),
            factors_stride: channels,
            residual: if self.residual { self.dy.ptr() } else { null },
            residual_stride: stride,
            dx: dx.mut_ptr(),
            dx_stride,
            pixels,
            channels,
        };
        run_chunks(kernels.backward_apply, &args, 3, 0);
        for buffer in [&partials, &mean, &rstd, &scale, &dgamma, &dbeta, &factors, &y, &dx, &running_var] {
            buffer.assert_guards("batchNorm");
        }
        let dense = |buffer: &Buffer| self.dense(buffer, self.stride + 1);
        let vector = |buffer: &Buffer| buffer.values().to_vec();
        [dense(&y), dense(&dx), vector(&dgamma), vector(&dbeta), vector(&running_mean), vector(&running_var)]
    }

    fn dense(&self, buffer: &Buffer, stride: usize) -> Vec<f32> {
        buffer.values().chunks(stride).flat_map(|row| &row[..self.channels]).copied().collect()
    }

    /// The formulas of the module in f64.
    fn naive(&self) -> [Vec<f32>; 6] {
        let (pixels, channels) = (self.pixels, self.channels);
        let (x, dy) = (self.dense(&self.x, self.stride), self.dense(&self.dy, self.stride));
        let n = pixels as f64;
        let mut result = [pixels * channels, pixels * channels, channels, channels, channels, channels].map(|len| vec![0.0; len]);
        let [running_mean, running_var] = [1, 2].map(|seed| Random(seed).buffer(channels));
        for c in 0..channels {
            let column = |from: &[f32]| -> Vec<f64> { (0..pixels).map(|p| from[p * channels + c] as f64).collect() };
            let (x, mut d) = (column(&x), column(&dy));
            let residual = if self.residual { d.clone() } else { vec![0.0; pixels] };
            let (gamma, beta) = (self.gamma.values()[c] as f64, self.beta.values()[c] as f64);
            let old_mean = running_mean.values()[c] as f64;
            let old_var = (running_var.values()[c].abs() + 0.1) as f64;
            let mut mean = x.iter().sum::<f64>() / n;
            let mut var = x.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n;
            let moved = [0.9 * old_mean + 0.1 * mean, 0.9 * old_var + 0.1 * var * n / (n - 1.0)];
            if self.frozen {
                (mean, var) = (old_mean, old_var);
            }
            let rstd = 1.0 / (var + EPS as f64).sqrt();
            for p in 0..pixels {
                let y = (x[p] - mean) * rstd * gamma + beta;
                d[p] = if self.relu && y <= 0.0 { 0.0 } else { d[p] };
                result[0][p * channels + c] = if self.relu { y.max(0.0) } else { y } as f32;
            }
            let dbeta = d.iter().sum::<f64>();
            let dgamma = (0..pixels).map(|p| d[p] * (x[p] - mean) * rstd).sum::<f64>();
            for p in 0..pixels {
                let centre = if self.frozen { 0.0 } else { dbeta / n + (x[p] - mean) * rstd * dgamma / n };
                result[1][p * channels + c] = (gamma * rstd * (d[p] - centre) + residual[p]) as f32;
            }
            (result[2][c], result[3][c]) = (dgamma as f32, dbeta as f32);
            (result[4][c], result[5][c]) =
                if self.frozen { (old_mean as f32, old_var as f32) } else { (moved[0] as f32, moved[1] as f32) };
        }
        result
    }
}

#[test]
fn equals_the_formulas() {
    let mut random = Random(1);
    for _ in 0..100 {
        let case = Case::new(&mut random, 0.0);
        let expected = case.naive();
        for kernels in [&SIMD, &REFERENCE] {
            for (actual, (expected, what)) in
                case.run(kernels).iter().zip(expected.iter().zip(["y", "dx", "dgamma", "dbeta", "mean", "var"]))
            {
                assert_close(actual, expected, 2e-5, what);
            }
        }
    }
}

#[test]
fn a_large_mean_does_not_cost_the_variance() {
    let mut random = Random(2);
    for _ in 0..20 {
        let mut case = Case::new(&mut random, 1000.0);
        case.frozen = false;
        let (actual, expected) = (case.run(&SIMD), case.naive());
        assert_close(&actual[0], &expected[0], 1e-3, "y");
        assert_close(&actual[5], &expected[5], 1e-5, "running variance");
    }
}

#[test]
fn folded_bias_equals_reference() {
    let mut random = Random(3);
    for case in 0..50 {
        let channels = random.int(1, 21);
        let [bias, beta, mean, scale] = [0; 4].map(|_| random.buffer(channels as usize));
        for bias in [bias.ptr(), core::ptr::null()] {
            let run = |fold_bias: unsafe fn(&BatchNormFoldBias, &Task)| {
                let mut folded = Buffer::new(channels as usize);
                let args = BatchNormFoldBias {
                    bias,
                    beta: beta.ptr(),
                    mean: mean.ptr(),
                    scale: scale.ptr(),
                    folded: folded.mut_ptr(),
                    channels,
                };
                run_chunks(fold_bias, &args, 1 + case % 2, 0);
                folded.assert_guards("folded");
                folded
            };
            assert_close(run(finish::fold_bias).values(), run(reference::fold_bias).values(), 1e-7, "fold bias");
        }
    }
}

/// Partial results of some channels: of each part a mean, or sum, and a sum of squares.
fn partial_results(random: &mut Random, parts: u32, channels: u32) -> Buffer {
    let mut partials = random.buffer((2 * parts * channels) as usize);
    for row in partials.values_mut().chunks_mut(channels as usize).skip(1).step_by(2) {
        row.iter_mut().for_each(|squares| *squares = squares.abs() + 0.1);
    }
    partials
}

#[test]
fn moments_and_statistics_of_them_equal_the_reference() {
    let mut random = Random(4);
    for case in 0..100 {
        let (channels, pixels) = (random.int(1, 21), random.int(2, 70));
        let parts = random.int(1, pixels.min(5));
        let partials = partial_results(&mut random, parts, channels);
        let stride = channels + random.int(0, 2);
        type Both = (unsafe fn(&BatchNormMoments, &Task), unsafe fn(&BatchNormOfMoments, &Task));
        let run = |(of_partials, of_moments): Both| {
            let mut moments = Random(2).buffer(2 * stride as usize);
            let [mut running_mean, mut running_var] = [3, 4].map(|seed| Random(seed).buffer(channels as usize));
            let [mut mean, mut rstd] = [0; 2].map(|_| Buffer::new(channels as usize));
            let args = BatchNormMoments {
                partials: partials.ptr(),
                parts,
                pixels,
                channels,
                moments: moments.mut_ptr(),
                moments_stride: stride,
            };
            run_chunks(of_partials, &args, 1 + case % 3, 0);
            let args = BatchNormOfMoments {
                moments: moments.ptr(),
                moments_stride: stride,
                pixels,
                channels,
                running_mean: running_mean.mut_ptr(),
                running_var: running_var.mut_ptr(),
                eps: EPS,
                momentum: MOMENTUM,
                mean: mean.mut_ptr(),
                rstd: rstd.mut_ptr(),
            };
            run_chunks(of_moments, &args, 1 + case % 3, 0);
            let all = [moments, running_mean, running_var, mean, rstd];
            all.iter().for_each(|buffer| buffer.assert_guards("moments"));
            all
        };
        let kernels = run((finish::moments, finish::of_moments));
        let references = run((reference::moments, reference::of_moments));
        for (actual, expected) in kernels.iter().zip(&references) {
            assert_close(actual.values(), expected.values(), 1e-6, "moments");
        }
    }
}

#[test]
fn factors_equal_the_reference() {
    let mut random = Random(5);
    for case in 0..100 {
        let (channels, pixels) = (random.int(1, 21), random.int(2, 70));
        let parts = random.int(1, pixels.min(5));
        let partials = partial_results(&mut random, parts, channels);
        let [gamma, rstd] = [0; 2].map(|_| random.buffer(channels as usize));
        let (stride, earlier_stride) = (channels + random.int(0, 2), channels + random.int(0, 2));
        let earlier = random.buffer(3 * earlier_stride as usize);
        let run = |backward_factors: unsafe fn(&BatchNormBackwardFactors, &Task)| {
            let [mut dgamma, mut dbeta] = [0; 2].map(|_| Buffer::new(channels as usize));
            let mut factors = Random(2).buffer(3 * stride as usize);
            let args = BatchNormBackwardFactors {
                partials: partials.ptr(),
                parts,
                pixels,
                channels,
                gamma: gamma.ptr(),
                rstd: rstd.ptr(),
                frozen: case & 1,
                scaled: case >> 1 & 1,
                earlier: if case & 4 == 0 { core::ptr::null() } else { earlier.ptr() },
                earlier_stride,
                dgamma: dgamma.mut_ptr(),
                dbeta: dbeta.mut_ptr(),
                factors: factors.mut_ptr(),
                factors_stride: stride,
            };
            run_chunks(backward_factors, &args, 1 + case % 3, 0);
            let all = [dgamma, dbeta, factors];
            all.iter().for_each(|buffer| buffer.assert_guards("factors"));
            all
        };
        for (actual, expected) in run(finish::backward_factors).iter().zip(&run(reference::backward_factors)) {
            assert_close(actual.values(), expected.values(), 1e-6, "factors");
        }
    }
}

#[test]
fn tiles_follow_each_other_and_hold_about_so_many_floats() {
    for (channels, pixels) in [(1, 256), (8, 256), (64, 32), (100, 20), (4096, 5)] {
        let tiles: Vec<_> = simd::tiles(3..1000, channels, simd::SUM_TILE).collect();
        let starts: Vec<_> = (3..1000).step_by(pixels).collect();
        assert_eq!(tiles.iter().map(|tile| tile.start).collect::<Vec<_>>(), starts, "{channels} channels");
        assert_eq!(tiles.last().unwrap().end, 1000);
        assert!(tiles.windows(2).all(|pair| pair[0].end == pair[1].start));
    }
}
