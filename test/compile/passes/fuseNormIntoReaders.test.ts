import { describe, it } from 'vitest';
import { fuseNormIntoReaders } from '../../../ts/compile/passes/fuseNormIntoReaders.ts';
import { concat } from '../../../ts/functions/concat.ts';
import { relu } from '../../../ts/functions/relu.ts';
import { conv, convBackwardWeight, normTrain } from './apply.ts';
import { expectRewrite, expectSame, program, useTestEngine } from './expect.ts';

await useTestEngine();

/** Half of the channels of x, which are joined. */
const a = [1, 18, 18, 8];
const dy = [1, 16, 16, 16];
const w = [3, 3, 16, 16];
const norm = { gamma: [16], beta: [16], runningMean: [16], runningVar: [16] };

describe('fuseNormIntoReaders', () => {
  it('lets a convolution and the gradient of its weight normalise what they read', () => {
    expectRewrite(
      fuseNormIntoReaders,
      program({ a, b: a, dy }, { w, ...norm }, ({ a, b, dy, w, ...norm }) => {
        const { y: h } = normTrain(concat([a, b]), norm, true);
        return [conv({ x: h, w }, { relu: true }), convBackwardWeight(h, dy, 3)];
      }),
      `
      t1 = concat(a, b)
      t2 = channelMoments(x: t1)
      t3, t4 = batchNormStatistics(moments: t2, runningMean, runningVar) pixels 324 eps 0.5 momentum 0.25
      t5 = conv2d(x: t1, w, mean: t3, rstd: t4, gamma, beta) relu
      t6 = conv2dBackwardWeight(x: t1, dy, mean: t3, rstd: t4, gamma, beta) kernelSize 3,3
      return t5, t6
      `,
    );
  });

  it('does so for what is joined later, and leaves bias and residual in their places', () => {
    expectRewrite(
      fuseNormIntoReaders,
      program(
        { x: [1, 18, 18, 16], s: dy },
        { w, bias: [16], ...norm },
        ({ x, s, w, bias, ...norm }) => {
          const { y: h } = normTrain(x, norm, true);
          return [conv({ x: h, w, bias, residual: s }), concat([x, x])];
        },
      ),
      `
      t1 = channelMoments(x)
      t2, t3 = batchNormStatistics(moments: t1, runningMean, runningVar) pixels 324 eps 0.5 momentum 0.25
      t4 = conv2d(x, w, bias, residual: s, mean: t2, rstd: t3, gamma, beta)
      t5 = concat(x, x)
      return t4, t5
      `,
    );
  });

  const dense = (relu: boolean) =>
    program({ a, b: a }, { w, ...norm }, ({ a, b, w, ...norm }) =>
      conv({ x: normTrain(concat([a, b]), norm, relu).y, w }),
    );

  it('leaves strict numerics as they are', () => {
    expectSame(fuseNormIntoReaders, dense(true), false);
  });

  it.each([
    ['a norm without ReLU', dense(false)],
    [
      'what no concatenation joins',
      program({ x: [1, 18, 18, 16] }, { w, ...norm }, ({ x, w, ...norm }) =>
        conv({ x: normTrain(x, norm, true).y, w }),
      ),
    ],
    [
      'what is given out',
      program({ a, b: a }, { w, ...norm }, ({ a, b, w, ...norm }) => {
        const { y: h } = normTrain(concat([a, b]), norm, true);
        return [conv({ x: h, w }), h];
      }),
    ],
    [
      'what another op reads',
      program({ a, b: a }, { w, ...norm }, ({ a, b, w, ...norm }) => {
        const { y: h } = normTrain(concat([a, b]), norm, true);
        return [conv({ x: h, w }), relu(h)];
      }),
    ],
    [
      'what is read by another algorithm',
      program({ a, b: a }, { w: [1, 1, 16, 16], ...norm }, ({ a, b, w, ...norm }) =>
        conv({ x: normTrain(concat([a, b]), norm, true).y, w }),
      ),
    ],
    [
      'what a convolution reads in two places',
      program({ a, b: a }, { w, ...norm }, ({ a, b, w, ...norm }) => {
        const { y: h } = normTrain(concat([a, b]), norm, true);
        return conv({ x: h, w, residual: h }, { padding: [1, 1, 1, 1] });
      }),
    ],
    [
      'what is a convolution’s residual alone',
      program(
        { a: [1, 16, 16, 8], b: [1, 16, 16, 8], x: [1, 18, 18, 16] },
        { w, ...norm },
        ({ a, b, x, w, ...norm }) =>
          conv({ x, w, residual: normTrain(concat([a, b]), norm, true).y }),
      ),
    ],
    [
      'what is the gradient that a weight’s is made of',
      program({ a, b: a, x: [1, 20, 20, 16] }, norm, ({ a, b, x, ...norm }) =>
        convBackwardWeight(x, normTrain(concat([a, b]), norm, true).y, 3),
      ),
    ],
  ])('leaves %s', (_, before) => expectSame(fuseNormIntoReaders, before));
});
