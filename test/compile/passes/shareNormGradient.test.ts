import { describe, it } from 'vitest';
import { shareNormGradient } from '../../../ts/compile/passes/shareNormGradient.ts';
import type { Tensor } from '../../../ts/core/tensor.ts';
import { concat } from '../../../ts/functions/concat.ts';
import { relu } from '../../../ts/functions/relu.ts';
import { sliceChannels } from '../../../ts/functions/sliceChannels.ts';
import { convBackwardInput, normBackward } from './apply.ts';
import { expectRewrite, expectSame, program, useTestEngine } from './expect.ts';

await useTestEngine();

const x = [1, 18, 18, 16];
const dy = [1, 16, 16, 16];
const w = [3, 3, 16, 16];
const norm = { mean: [16], rstd: [16], gamma: [16], beta: [16] };

type Parts = Record<'x' | 'dy' | 'w' | 'mean' | 'rstd' | 'gamma' | 'beta', Tensor>;

/** Gradients of batch norm and ReLU before a convolution. */
const layer = ({ x, dy, w, mean, rstd, gamma, beta }: Parts, residual?: Tensor) =>
  normBackward({
    dy: convBackwardInput({ dy, w }, 18),
    x,
    norm: { mean, rstd, gamma, beta },
    residual,
  });

/** The same of a tensor that a concatenation joins, or does not. */
const dense = (fn: (parts: Parts) => readonly Tensor[], joined = true) =>
  program({ x, dy }, { w, ...norm }, (parts) => {
    const outputs = fn(parts);
    return joined ? [...outputs, concat([parts.x, parts.x])] : outputs;
  });

describe('shareNormGradient', () => {
  it('takes the norm’s sums in the convolution, and corrects its gradient where that is read', () => {
    expectRewrite(
      shareNormGradient,
      dense((parts) => {
        const { dx, dgamma, dbeta } = layer(parts);
        return [relu(dx), dgamma, dbeta];
      }),
      `
      t1, t2, t3, t4 = conv2dBackwardInputThroughNorm(dy, w, x, mean, rstd, gamma, beta) inputSize 18,18
      t5 = addNormCorrection(g: t1, x, mean, factors: t4)
      t6 = relu(x: t5)
      t7 = concat(x, x)
      return t6, t2, t3, t7
      `,
    );
  });

  it('corrects a gradient once, however often it is read', () => {
    expectRewrite(
      shareNormGradient,
      dense((parts) => [layer(parts).dx].flatMap((dx) => [relu(dx), relu(dx)])),
      `
      t1, t2, t3, t4 = conv2dBackwardInputThroughNorm(dy, w, x, mean, rstd, gamma, beta) inputSize 18,18
      t5 = addNormCorrection(g: t1, x, mean, factors: t4)
      t6 = relu(x: t5)
      t7 = relu(x: t5)
      t8 = concat(x, x)
      return t6, t7, t8
      `,
    );
  });

  it('corrects the sum of two layers that normalise the same once, at the end', () => {
    expectRewrite(
      shareNormGradient,
      dense((parts) => [layer(parts, layer(parts).dx).dx]),
      `
      t1, t2, t3, t4 = conv2dBackwardInputThroughNorm(dy, w, x, mean, rstd, gamma, beta) inputSize 18,18
      t5, t6, t7, t8 = conv2dBackwardInputThroughNorm(dy, w, x, mean, rstd, gamma, beta, residual: t1, residualFactors: t4) inputSize 18,18
      t9 = concat(x, x)
      t10 = addNormCorrection(g: t5, x, mean, factors: t8)
      return t10, t9
      `,
    );
  });

  it('adds a gradient that is complete as it is', () => {
    expectRewrite(
      shareNormGradient,
      dense((parts) => [layer(parts, relu(parts.x)).dx]),
      `
      t1 = relu(x)
      t2, t3, t4, t5 = conv2dBackwardInputThroughNorm(dy, w, x, mean, rstd, gamma, beta, residual: t1) inputSize 18,18
      t6 = concat(x, x)
      t7 = addNormCorrection(g: t2, x, mean, factors: t5)
      return t7, t6
      `,
    );
  });

  it('corrects a gradient first that belongs to another tensor', () => {
    expectRewrite(
      shareNormGradient,
      program({ x, z: x, dy }, { w, ...norm }, ({ x, z, dy, w, ...norm }) => {
        const other = layer({ x: z, dy, w, ...norm });
        return [layer({ x, dy, w, ...norm }, other.dx).dx, concat([x, z])];
      }),
      `
      t1, t2, t3, t4 = conv2dBackwardInputThroughNorm(dy, w, x: z, mean, rstd, gamma, beta) inputSize 18,18
      t5 = addNormCorrection(g: t1, x: z, mean, factors: t4)
      t6, t7, t8, t9 = conv2dBackwardInputThroughNorm(dy, w, x, mean, rstd, gamma, beta, residual: t5) inputSize 18,18
      t10 = concat(x, z)
      t11 = addNormCorrection(g: t6, x, mean, factors: t9)
      return t11, t10
      `,
    );
  });

  it('cuts an incomplete gradient, and knows what was joined in those channels', () => {
    expectRewrite(
      shareNormGradient,
      program(
        { a: [1, 18, 18, 8], b: [1, 18, 18, 8], dy },
        { w, ...norm },
        ({ a, b, dy, w, ...norm }) => {
          const { dx } = layer({ x: concat([a, b]), dy, w, ...norm });
          return relu(sliceChannels(dx, 8, 16));
        },
      ),
      `
      t1 = concat(a, b)
      t2, t3, t4, t5 = conv2dBackwardInputThroughNorm(dy, w, x: t1, mean, rstd, gamma, beta) inputSize 18,18
      t6 = sliceChannels(x: t2) start 8 channels 8
      t7 = sliceChannels(x: t5) start 8 channels 8
      t8 = sliceChannels(x: mean) start 8 channels 8
      t9 = addNormCorrection(g: t6, x: b, mean: t8, factors: t7)
      t10 = relu(x: t9)
      return t10
      `,
    );
  });

  it('cuts x where nothing was joined in just those channels', () => {
    expectRewrite(
      shareNormGradient,
      program(
        { a: [1, 18, 18, 8], b: [1, 18, 18, 8], dy },
        { w, ...norm },
        ({ a, b, dy, w, ...norm }) => {
          const { dx } = layer({ x: concat([a, b]), dy, w, ...norm });
          return sliceChannels(dx, 8, 12);
        },
      ),
      `
      t1 = concat(a, b)
      t2, t3, t4, t5 = conv2dBackwardInputThroughNorm(dy, w, x: t1, mean, rstd, gamma, beta) inputSize 18,18
      t6 = sliceChannels(x: t1) start 8 channels 4
      t7 = sliceChannels(x: t2) start 8 channels 4
      t8 = sliceChannels(x: t5) start 8 channels 4
      t9 = sliceChannels(x: mean) start 8 channels 4
      t10 = addNormCorrection(g: t7, x: t6, mean: t9, factors: t8)
      return t10
      `,
    );
  });

  it('leaves strict numerics as they are', () => {
    expectSame(
      shareNormGradient,
      dense((parts) => [layer(parts).dx]),
      false,
    );
  });

  it.each([
    ['what no concatenation joins', dense((parts) => [layer(parts).dx], false)],
    [
      'a norm without ReLU',
      dense(({ x, dy, w, mean, rstd, gamma }) => {
        const d = convBackwardInput({ dy, w }, 18);
        return [normBackward({ dy: d, x, norm: { mean, rstd, gamma } }).dx];
      }),
    ],
    [
      'a convolution that adds a gradient',
      dense(({ x, dy, w, ...norm }) => {
        const d = convBackwardInput({ dy, w, residual: x }, 18);
        return [normBackward({ dy: d, x, norm }).dx];
      }),
    ],
    [
      'a gradient that another op reads',
      dense(({ x, dy, w, ...norm }) => {
        const d = convBackwardInput({ dy, w }, 18);
        return [normBackward({ dy: d, x, norm }).dx, d];
      }),
    ],
    [
      'one that no convolution made',
      dense(({ x, ...parts }) => {
        const { mean, rstd, gamma, beta } = parts;
        return [normBackward({ dy: relu(x), x, norm: { mean, rstd, gamma, beta } }).dx];
      }),
    ],
    [
      'another algorithm',
      program({ x, dy: x }, { w: [1, 1, 16, 16], ...norm }, ({ x, dy, w, ...norm }) => {
        const d = convBackwardInput({ dy, w }, 18);
        return [normBackward({ dy: d, x, norm }).dx, concat([x, x])];
      }),
    ],
  ])('leaves %s', (_, before) => expectSame(shareNormGradient, before));
});
