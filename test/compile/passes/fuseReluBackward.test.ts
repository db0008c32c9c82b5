import { describe, it } from 'vitest';
import { fuseReluBackward } from '../../../ts/compile/passes/fuseReluBackward.ts';
import { apply } from '../../../ts/core/apply.ts';
import type { Tensor } from '../../../ts/core/tensor.ts';
import { relu } from '../../../ts/functions/relu.ts';
import { reluBackward } from '../../../ts/ops/relu.ts';
import { normBackward, normTrain } from './apply.ts';
import { expectRewrite, expectSame, program, useTestEngine } from './expect.ts';

await useTestEngine();

const x = [2, 4];
const dy = x;
const y = x;
const norm = { mean: [4], rstd: [4], gamma: [4] };
const running = { gamma: [4], beta: [4], runningMean: [4], runningVar: [4] };

const masked = (dy: Tensor, y: Tensor): Tensor => apply(reluBackward, { dy, y }, {}).dx;

describe('fuseReluBackward', () => {
  it('masks by what another op made', () => {
    expectRewrite(
      fuseReluBackward,
      program({ x, dy, y }, norm, ({ x, dy, y, ...norm }) => {
        const { dx } = normBackward({ dy: masked(dy, y), x, norm });
        return dx;
      }),
      `
      t1, t2, t3 = batchNormBackward(dy, x, mean, rstd, gamma, y)
      return t1
      `,
    );
  });

  it('masks by the sign that its own result had, which comes again from x', () => {
    expectRewrite(
      fuseReluBackward,
      program({ x, dy }, running, ({ x, dy, ...running }) => {
        const { y, mean, rstd } = normTrain(x, running, true);
        const norm = { mean, rstd, gamma: running.gamma };
        return normBackward({ dy: masked(dy, y), x, norm }).dx;
      }),
      `
      t1, t2, t3 = batchNormTrain(x, gamma, beta, runningMean, runningVar) eps 0.5 momentum 0.25 relu
      t4, t5, t6 = batchNormBackward(dy, x, mean: t2, rstd: t3, gamma, beta)
      return t4
      `,
    );
  });

  it('reads y where that is another norm’s, or what was not clipped', () => {
    expectRewrite(
      fuseReluBackward,
      program({ x, dy }, { mean: [4], ...running }, ({ x, dy, mean, ...running }) => {
        const { y, mean: own, rstd } = normTrain(x, running, true);
        const open = normTrain(x, running);
        const { gamma } = running;
        const unclipped = { mean: open.mean, rstd: open.rstd, gamma };
        return [
          normBackward({ dy: masked(dy, y), x, norm: { mean, rstd, gamma } }).dx,
          normBackward({ dy: masked(dy, open.y), x, norm: unclipped }).dx,
          own,
        ];
      }),
      `
      t1, t2, t3 = batchNormTrain(x, gamma, beta, runningMean, runningVar) eps 0.5 momentum 0.25 relu
      t4, t5, t6 = batchNormTrain(x, gamma, beta, runningMean, runningVar) eps 0.5 momentum 0.25
      t7, t8, t9 = batchNormBackward(dy, x, mean, rstd: t3, gamma, y: t1)
      t10, t11, t12 = batchNormBackward(dy, x, mean: t5, rstd: t6, gamma, y: t4)
      return t7, t10, t2
      `,
    );
  });

  it.each([
    [
      'what is read twice',
      program({ x, dy, y }, norm, ({ x, dy, y, ...norm }) =>
        [masked(dy, y)].flatMap((d) => [normBackward({ dy: d, x, norm }).dx, d]),
      ),
    ],
    [
      'what is masked by beta',
      program({ x, dy, y }, { ...norm, beta: [4] }, ({ x, dy, y, ...norm }) => {
        return normBackward({ dy: masked(dy, y), x, norm }).dx;
      }),
    ],
    [
      'what is masked by y',
      program({ x, dy, y, z: y }, norm, ({ x, dy, y, z, ...norm }) => {
        return normBackward({ dy: masked(dy, y), x, norm, y: z }).dx;
      }),
    ],
    [
      'what adds a gradient',
      program({ x, dy, y, residual: x }, norm, ({ x, dy, y, residual, ...norm }) => {
        return normBackward({ dy: masked(dy, y), x, norm, residual }).dx;
      }),
    ],
    [
      'a gradient that no mask made',
      program({ x, dy }, norm, ({ x, dy, ...norm }) => {
        return normBackward({ dy: relu(dy), x, norm }).dx;
      }),
    ],
  ])('leaves %s', (_, before) => expectSame(fuseReluBackward, before));
});
