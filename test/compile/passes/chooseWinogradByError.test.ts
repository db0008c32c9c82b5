import { describe, it } from 'vitest';
import { chooseWinogradByError } from '../../../ts/compile/passes/chooseWinogradByError.ts';
import { apply } from '../../../ts/core/apply.ts';
import { tensor } from '../../../ts/core/create.ts';
import { relu } from '../../../ts/functions/relu.ts';
import type { Shape } from '../../../ts/base/shape.ts';
import { sgdUpdate } from '../../../ts/ops/sgdUpdate.ts';
import { goldenTensor } from '../../golden/generator.ts';
import { conv, convBackwardWeight } from './apply.ts';
import { expectRewrite, expectSame, program, useTestEngine } from './expect.ts';

await useTestEngine();

const x = [1, 18, 18, 32];
const shape = [3, 3, 32, 32];
const random = (shape: Shape) => tensor(goldenTensor('w', shape), shape);
const w = random(shape);
/** Weights of large channels that cancel each other. */
const cancelling = tensor(
  goldenTensor('w', shape).map((value, i) => value + ((i >> 5) % 2 ? -1e3 : 1e3) * (1 + (i >> 10))),
  shape,
);

describe('chooseWinogradByError', () => {
  it('takes Winograd’s algorithm where its error is small', () => {
    expectRewrite(
      chooseWinogradByError,
      program({ x }, { w }, ({ x, w }) => conv({ x, w })),
      `
      t1 = conv2d(x, w) algorithm winograd_4x4
      return t1
      `,
    );
  });

  it('takes implicit GEMM where it is large, or no number', () => {
    const lost = tensor(new Float32Array(9 * 32 * 32).fill(Number.NaN), shape);
    for (const w of [cancelling, lost]) {
      expectRewrite(
        chooseWinogradByError,
        program({ x }, { w }, ({ x, w }) => conv({ x, w }, { relu: true })),
        `
        t1 = conv2d(x, w) relu algorithm implicit_gemm
        return t1
        `,
      );
    }
  });

  it('takes it for fewer tiles in inference than where gradients follow', () => {
    const few = [1, 10, 10, 32];
    expectRewrite(
      chooseWinogradByError,
      program({ x: few }, { w }, ({ x, w }) => conv({ x, w })),
      `
      t1 = conv2d(x, w) algorithm winograd_4x4
      return t1
      `,
    );
    expectSame(
      chooseWinogradByError,
      program({ x: few, dy: [1, 8, 8, 32] }, { w }, ({ x, dy, w }) => [
        conv({ x, w }),
        convBackwardWeight(x, dy, 3),
      ]),
    );
  });

  it('leaves strict numerics as they are', () => {
    expectSame(
      chooseWinogradByError,
      program({ x }, { w }, ({ x, w }) => conv({ x, w })),
      false,
    );
  });

  it.each([
    [
      'weights that the graph writes',
      program(
        { x, grad: shape },
        { w: random(shape), buffer: shape, lr: [] },
        ({ x, grad, w, buffer, lr }) => {
          const attrs = { momentum: 0.5, nesterov: false, weightDecay: 0 };
          apply(sgdUpdate, { param: w, grad, buffer, lr }, attrs);
          return conv({ x, w });
        },
      ),
    ],
    ['weights that the graph makes', program({ x }, { w }, ({ x, w }) => conv({ x, w: relu(w) }))],
    ['weights that are an input', program({ x, w: shape }, {}, ({ x, w }) => conv({ x, w }))],
    [
      'a geometry that has none',
      program({ x }, { w: random([1, 1, 32, 32]) }, ({ x, w }) => conv({ x, w })),
    ],
  ])('leaves %s', (_, before) => expectSame(chooseWinogradByError, before));
});
