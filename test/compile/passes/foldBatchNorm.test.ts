import { describe, it } from 'vitest';
import { foldBatchNorm } from '../../../ts/compile/passes/foldBatchNorm.ts';
import { relu } from '../../../ts/functions/relu.ts';
import { conv, normInference, normTrain } from './apply.ts';
import { expectRewrite, expectSame, program, useTestEngine } from './expect.ts';

await useTestEngine();

const x = [1, 4, 4, 4];
const w = [1, 1, 4, 8];
const bias = [8];
const norm = { gamma: [8], beta: [8], runningMean: [8], runningVar: [8] };

describe('foldBatchNorm', () => {
  it('puts batch norm and its ReLU into the convolution before it', () => {
    expectRewrite(
      foldBatchNorm,
      program({ x }, { w, ...norm }, ({ x, w, ...norm }) =>
        normInference(conv({ x, w }), norm, true),
      ),
      `
      t1, t2 = foldBatchNorm(gamma, beta, runningMean, runningVar) eps 0.5
      t3 = conv2d(x, w, scale: t1, bias: t2) relu
      return t3
      `,
    );
  });

  it('takes the bias along, and keeps the geometry', () => {
    expectRewrite(
      foldBatchNorm,
      program({ x }, { w, bias, ...norm }, ({ x, w, bias, ...norm }) =>
        normInference(conv({ x, w, bias }, { stride: [2, 1] }), norm),
      ),
      `
      t1, t2 = foldBatchNorm(bias, gamma, beta, runningMean, runningVar) eps 0.5
      t3 = conv2d(x, w, scale: t1, bias: t2) stride 2,1
      return t3
      `,
    );
  });

  it.each([
    [
      'what another op reads',
      program({ x }, { w, ...norm }, ({ x, w, ...norm }) =>
        [conv({ x, w })].flatMap((h) => [normInference(h, norm), relu(h)]),
      ),
    ],
    [
      'a convolution that clips',
      program({ x }, { w, ...norm }, ({ x, w, ...norm }) =>
        normInference(conv({ x, w }, { relu: true }), norm),
      ),
    ],
    [
      'one that adds',
      program({ x, residual: [1, 4, 4, 8] }, { w, ...norm }, ({ x, w, residual, ...norm }) =>
        normInference(conv({ x, w, residual }), norm),
      ),
    ],
    [
      'weights that are no state',
      program({ x, w }, norm, ({ x, w, ...norm }) => normInference(conv({ x, w }), norm)),
    ],
    [
      'a norm that is none',
      program({ x }, { w, ...norm }, ({ x, w, gamma, ...others }) =>
        normInference(conv({ x, w }), { gamma: relu(gamma), ...others }),
      ),
    ],
    [
      'batch norm in training',
      program({ x }, { w, ...norm }, ({ x, w, ...norm }) => normTrain(conv({ x, w }), norm).y),
    ],
    [
      'batch norm after another op',
      program({ x: [1, 4, 4, 8] }, norm, ({ x, ...norm }) => normInference(relu(x), norm)),
    ],
  ])('leaves %s', (_, before) => expectSame(foldBatchNorm, before));
});
