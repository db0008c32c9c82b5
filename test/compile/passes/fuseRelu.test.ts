import { describe, it } from 'vitest';
import { fuseRelu } from '../../../ts/compile/passes/fuseRelu.ts';
import { multiply } from '../../../ts/functions/multiply.ts';
import { relu } from '../../../ts/functions/relu.ts';
import { add, conv, normInference, normTrain } from './apply.ts';
import { expectRewrite, expectSame, program, useTestEngine } from './expect.ts';

await useTestEngine();

const x = [1, 4, 4, 4];
const w = [1, 1, 4, 8];
const norm = { gamma: [4], beta: [4], runningMean: [4], runningVar: [4] };

describe('fuseRelu', () => {
  it('lets a convolution clip', () => {
    expectRewrite(
      fuseRelu,
      program({ x }, { w }, ({ x, w }) => relu(conv({ x, w }))),
      `
      t1 = conv2d(x, w) relu
      return t1
      `,
    );
  });

  it('lets a sum and both batch norms clip', () => {
    expectRewrite(
      fuseRelu,
      program({ x }, norm, ({ x, ...norm }) => {
        const { y, mean } = normTrain(relu(normInference(relu(add(x, x)), norm)), norm);
        return [relu(y), mean];
      }),
      `
      t1 = add(a: x, b: x) relu
      t2 = batchNormInference(x: t1, gamma, beta, runningMean, runningVar) eps 0.5 relu
      t3, t4, t5 = batchNormTrain(x: t2, gamma, beta, runningMean, runningVar) eps 0.5 momentum 0.25 relu
      return t3, t4
      `,
    );
  });

  it.each([
    ['what is read twice', program({ x }, {}, ({ x }) => [add(x, x)].flatMap((h) => [relu(h), h]))],
    ['what clips already', program({ x }, {}, ({ x }) => relu(add(x, x, true)))],
    ['an op that cannot', program({ x }, {}, ({ x }) => relu(multiply(x, x)))],
    [
      'another output than the first',
      program({ x }, norm, ({ x, ...norm }) => relu(normTrain(x, norm).mean)),
    ],
    ['an input', program({ x }, {}, ({ x }) => relu(x))],
  ])('leaves %s', (_, before) => expectSame(fuseRelu, before));
});
