import { describe, it } from 'vitest';
import { fuseGradientSum } from '../../../ts/compile/passes/fuseGradientSum.ts';
import { apply } from '../../../ts/core/apply.ts';
import { walkBack } from '../../../ts/core/tape.ts';
import type { Tensor } from '../../../ts/core/tensor.ts';
import { reluBackward } from '../../../ts/ops/relu.ts';
import { add, conv, convBackwardInput, normBackward } from './apply.ts';
import { expectRewrite, expectSame, program, useTestEngine } from './expect.ts';

await useTestEngine();

const dy = [1, 4, 4, 8];
const d = [1, 4, 4, 8];
const x = d;
const w = [1, 1, 8, 8];
const norm = { mean: [8], rstd: [8], gamma: [8] };

const sum = (a: Tensor, b: Tensor, relu = false): Tensor => walkBack(() => add(a, b, relu));

describe('fuseGradientSum', () => {
  it('lets the later term’s convolution add the earlier one', () => {
    expectRewrite(
      fuseGradientSum,
      program({ dy }, { v: w, w }, ({ dy, v, w }) => {
        const first = convBackwardInput({ dy, w: v }, 4);
        return sum(first, convBackwardInput({ dy, w }, 4));
      }),
      `
      t1 = conv2dBackwardInput(dy, w: v) inputSize 4,4
      t2 = conv2dBackwardInput(dy, w, residual: t1) inputSize 4,4
      return t2
      `,
    );
  });

  it('does so whichever is named first, and for batch norm', () => {
    expectRewrite(
      fuseGradientSum,
      program({ d, dy, x }, norm, ({ d, dy, x, ...norm }) => {
        const { dx, dgamma } = normBackward({ dy, x, norm });
        return [sum(dx, d), dgamma];
      }),
      `
      t1, t2, t3 = batchNormBackward(dy, x, mean, rstd, gamma, residual: d)
      return t1, t2
      `,
    );
  });

  it('adds up several', () => {
    expectRewrite(
      fuseGradientSum,
      program({ d, dy }, { v: w, w }, ({ d, dy, v, w }) =>
        sum(sum(d, convBackwardInput({ dy, w: v }, 4)), convBackwardInput({ dy, w }, 4)),
      ),
      `
      t1 = conv2dBackwardInput(dy, w: v, residual: d) inputSize 4,4
      t2 = conv2dBackwardInput(dy, w, residual: t1) inputSize 4,4
      return t2
      `,
    );
  });

  it.each([
    [
      'a later term that is read twice',
      program({ d, dy }, { w }, ({ d, dy, w }) =>
        [convBackwardInput({ dy, w }, 4)].flatMap((later) => [sum(d, later), later]),
      ),
    ],
    [
      'twice the same',
      program({ dy }, { w }, ({ dy, w }) =>
        [convBackwardInput({ dy, w }, 4)].map((dx) => sum(dx, dx)),
      ),
    ],
    [
      'one that adds already',
      program({ d, dy, e: d }, { w }, ({ d, dy, e, w }) =>
        sum(d, convBackwardInput({ dy, w, residual: e }, 4)),
      ),
    ],
    [
      'a sum that is clipped',
      program({ d, dy }, { w }, ({ d, dy, w }) => sum(d, convBackwardInput({ dy, w }, 4), true)),
    ],
    [
      'another output than the first',
      program({ dy, x, e: [8] }, norm, ({ dy, x, e, ...norm }) =>
        sum(e, normBackward({ dy, x, norm }).dgamma),
      ),
    ],
    [
      'an op that cannot',
      program({ d, dy, y: d }, {}, ({ d, dy, y }) =>
        walkBack(() => add(d, apply(reluBackward, { dy, y }, {}).dx)),
      ),
    ],
    ['a sum of the forward pass', program({ x }, { w }, ({ x, w }) => add(x, conv({ x, w })))],
    ['inputs', program({ d, dy }, {}, ({ d, dy }) => sum(d, dy))],
  ])('leaves %s', (_, before) => expectSame(fuseGradientSum, before));
});
