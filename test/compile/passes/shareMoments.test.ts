import { describe, it } from 'vitest';
import { shareMoments } from '../../../ts/compile/passes/shareMoments.ts';
import { apply } from '../../../ts/core/apply.ts';
import { concat } from '../../../ts/functions/concat.ts';
import { channelMoments } from '../../../ts/ops/batchNorm/channelMoments.ts';
import { normInference, normTrain } from './apply.ts';
import { expectRewrite, expectSame, program, useTestEngine } from './expect.ts';

await useTestEngine();

const norm = { gamma: [8], beta: [8], runningMean: [8], runningVar: [8] };

describe('shareMoments', () => {
  it('takes the moments of each part of a concatenation', () => {
    expectRewrite(
      shareMoments,
      program({ a: [6, 4], b: [6, 4] }, norm, ({ a, b, ...norm }) => {
        const { y, mean } = normTrain(concat([a, b]), norm, true);
        return [y, mean];
      }),
      `
      t1 = concat(a, b)
      t2 = channelMoments(x: a)
      t3 = channelMoments(x: b)
      t4 = concat(t2, t3)
      t5, t6 = batchNormStatistics(moments: t4, runningMean, runningVar) pixels 6 eps 0.5 momentum 0.25
      t7 = batchNormApply(x: t1, mean: t5, rstd: t6, gamma, beta) relu
      return t7, t5
      `,
    );
  });

  it('takes those of a part once, however often it is read', () => {
    const other = program({ a: [6, 4], b: [6, 4], c: [6, 4] }, {}, ({ a, b, c }) => {
      const ab = concat([a, b]);
      const abc = concat([ab, c]);
      return [ab, abc, a].map((x) => apply(channelMoments, { x }, {}).moments);
    });
    expectRewrite(
      shareMoments,
      other,
      `
      t1 = concat(a, b)
      t2 = concat(t1, c)
      t3 = channelMoments(x: a)
      t4 = channelMoments(x: b)
      t5 = concat(t3, t4)
      t6 = channelMoments(x: c)
      t7 = concat(t5, t6)
      return t5, t7, t3
      `,
    );
  });

  it('takes those of a whole where a part ends within a vector', () => {
    expectRewrite(
      shareMoments,
      program({ a: [6, 2], b: [6, 6] }, norm, ({ a, b, ...norm }) => {
        return normTrain(concat([a, b]), norm).y;
      }),
      `
      t1 = concat(a, b)
      t2 = channelMoments(x: t1)
      t3, t4 = batchNormStatistics(moments: t2, runningMean, runningVar) pixels 6 eps 0.5 momentum 0.25
      t5 = batchNormApply(x: t1, mean: t3, rstd: t4, gamma, beta)
      return t5
      `,
    );
  });

  it.each([
    [
      'what no concatenation joins',
      program({ x: [6, 8] }, norm, ({ x, ...norm }) => normTrain(x, norm).y),
    ],
    [
      'batch norm in inference',
      program({ a: [6, 4], b: [6, 4] }, norm, ({ a, b, ...norm }) =>
        normInference(concat([a, b]), norm),
      ),
    ],
  ])('leaves %s', (_, before) => expectSame(shareMoments, before));
});
