import { describe, it } from 'vitest';
import { fuseFrozenNormIntoPointwise } from '../../../ts/compile/passes/fuseFrozenNormIntoPointwise.ts';
import { relu } from '../../../ts/functions/relu.ts';
import { conv, normInference, normTrain } from './apply.ts';
import { expectRewrite, expectSame, program, useTestEngine } from './expect.ts';

await useTestEngine();

const x = [1, 4, 4, 8];
const w = [1, 1, 8, 8];
const norm = { gamma: [8], beta: [8], runningMean: [8], runningVar: [8] };

describe('fuseFrozenNormIntoPointwise', () => {
  it('lets a 1×1 convolution read x through batch norm and ReLU', () => {
    expectRewrite(
      fuseFrozenNormIntoPointwise,
      program({ x }, { w, ...norm }, ({ x, w, ...norm }) =>
        conv({ x: normInference(x, norm, true), w }, { relu: true }),
      ),
      `
      t1 = rstdOfVariance(gamma, runningVar) eps 0.5
      t2 = conv2d(x, w, mean: runningMean, rstd: t1, gamma, beta) relu
      return t2
      `,
    );
  });

  it('leaves bias and residual in their places', () => {
    expectRewrite(
      fuseFrozenNormIntoPointwise,
      program({ x, s: x }, { w, bias: [8], ...norm }, ({ x, s, w, bias, ...norm }) =>
        conv({ x: normInference(x, norm, true), w, bias, residual: s }),
      ),
      `
      t1 = rstdOfVariance(gamma, runningVar) eps 0.5
      t2 = conv2d(x, w, bias, residual: s, mean: runningMean, rstd: t1, gamma, beta)
      return t2
      `,
    );
  });

  it.each([
    [
      'a norm without ReLU',
      program({ x }, { w, ...norm }, ({ x, w, ...norm }) => conv({ x: normInference(x, norm), w })),
    ],
    [
      'what two convolutions read',
      program({ x }, { v: w, w, ...norm }, ({ x, v, w, ...norm }) =>
        [normInference(x, norm, true)].flatMap((h) => [conv({ x: h, w: v }), conv({ x: h, w })]),
      ),
    ],
    [
      'what is a convolution’s residual as well',
      program({ x }, { w, ...norm }, ({ x, w, ...norm }) =>
        [normInference(x, norm, true)].map((h) => conv({ x: h, w, residual: h })),
      ),
    ],
    [
      'a stride',
      program({ x }, { w, ...norm }, ({ x, w, ...norm }) =>
        conv({ x: normInference(x, norm, true), w }, { stride: [2, 1] }),
      ),
    ],
    [
      'groups',
      program({ x }, { w: [1, 1, 4, 8], ...norm }, ({ x, w, ...norm }) =>
        conv({ x: normInference(x, norm, true), w }, { groups: 2 }),
      ),
    ],
    [
      'a larger kernel',
      program({ x }, { w: [3, 3, 8, 8], ...norm }, ({ x, w, ...norm }) =>
        conv({ x: normInference(x, norm, true), w }),
      ),
    ],
    [
      'padding',
      program({ x }, { w, ...norm }, ({ x, w, ...norm }) =>
        conv({ x: normInference(x, norm, true), w }, { padding: [1, 0, 0, 0] }),
      ),
    ],
    [
      'another algorithm',
      program({ x }, { w, ...norm }, ({ x, w, ...norm }) =>
        conv({ x: normInference(x, norm, true), w }, { algorithm: 'implicit_gemm' }),
      ),
    ],
    [
      'a norm that is no state',
      program({ x }, { w, ...norm }, ({ x, w, beta, ...others }) =>
        conv({ x: normInference(x, { beta: relu(beta), ...others }, true), w }),
      ),
    ],
    [
      'batch norm in training',
      program({ x }, { w, ...norm }, ({ x, w, ...norm }) =>
        conv({ x: normTrain(x, norm, true).y, w }),
      ),
    ],
  ])('leaves %s', (_, before) => expectSame(fuseFrozenNormIntoPointwise, before));
});
