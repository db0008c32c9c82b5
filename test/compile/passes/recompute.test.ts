import { describe, it } from 'vitest';
import { recompute } from '../../../ts/compile/passes/recompute.ts';
import { apply, recomputed } from '../../../ts/core/apply.ts';
import { state } from '../../../ts/core/create.ts';
import { outputsOf } from '../../../ts/core/graph.ts';
import { walkBack } from '../../../ts/core/tape.ts';
import type { Tensor } from '../../../ts/core/tensor.ts';
import { relu } from '../../../ts/functions/relu.ts';
import { dropout } from '../../../ts/ops/dropout.ts';
import { sgdUpdate } from '../../../ts/ops/sgdUpdate.ts';
import { multiply } from '../../../ts/functions/multiply.ts';
import { normTrain } from './apply.ts';
import { expectRewrite, expectSame, program, useTestEngine } from './expect.ts';

await useTestEngine();

const x = [2, 4];
const norm = { gamma: [4], beta: [4], runningMean: [4], runningVar: [4] };

/** A gradient that reads values. */
const reading = (a: Tensor, b: Tensor): Tensor => walkBack(() => multiply(a, b));

describe('recompute', () => {
  it('computes the inner values of a region again before the first gradient that reads them', () => {
    expectRewrite(
      (graph) => recompute(graph),
      program({ x }, {}, ({ x }) => {
        const inner: Tensor[] = [];
        const y = recomputed(() => {
          inner.push(relu(x), relu(relu(x)));
          return multiply(inner[0]!, inner[1]!);
        });
        const first = reading(y, y);
        return [first, reading(inner[1]!, inner[0]!), reading(inner[1]!, first)];
      }),
      `
      t1 = relu(x)
      t2 = relu(x)
      t3 = relu(x: t2)
      t4 = multiply(a: t1, b: t3)
      t5 = multiply(a: t4, b: t4)
      t6 = relu(x) again
      t7 = relu(x: t6) again
      t8 = relu(x) again
      t9 = multiply(a: t7, b: t8)
      t10 = multiply(a: t7, b: t5)
      return t5, t9, t10
      `,
    );
  });

  it('computes what a budget names', () => {
    const before = program({ x }, {}, ({ x }) => {
      const h = relu(x);
      return [multiply(h, h), reading(h, x)];
    });
    const [first] = before.graph.nodes;
    expectRewrite(
      (graph) => recompute(graph, new Set(outputsOf(first!))),
      before,
      `
      t1 = relu(x)
      t2 = multiply(a: t1, b: t1)
      t3 = relu(x) again
      t4 = multiply(a: t3, b: x)
      return t2, t4
      `,
    );
  });

  it('makes batch norm’s result of the statistics that it found', () => {
    expectRewrite(
      (graph) => recompute(graph),
      program({ x }, norm, ({ x, ...norm }) => {
        const inner: Tensor[] = [];
        const y = recomputed(() => {
          const { y, mean } = normTrain(x, norm, true);
          inner.push(y, mean);
          return relu(y);
        });
        return [y, reading(inner[0]!, x), reading(inner[1]!, inner[1]!)];
      }),
      `
      t1, t2, t3 = batchNormTrain(x, gamma, beta, runningMean, runningVar) eps 0.5 momentum 0.25 relu
      t4 = relu(x: t1)
      t5 = batchNormApply(x, mean: t2, rstd: t3, gamma, beta) relu again
      t6 = multiply(a: t5, b: x)
      t7 = multiply(a: t2, b: t2)
      return t4, t6, t7
      `,
    );
  });

  it('makes dropout’s result of the mask that it drew', () => {
    expectRewrite(
      (graph) => recompute(graph),
      program({ x }, { seed: state([4], 'i32') }, ({ x, seed }) => {
        const inner: Tensor[] = [];
        const y = recomputed(() => {
          inner.push(apply(dropout, { x, state: seed }, { p: 0.5, stream: 1 }).y);
          return relu(inner[0]!);
        });
        return [y, reading(inner[0]!, x)];
      }),
      `
      t1, t2 = dropout(x, state: seed) p 0.5 stream 1
      t3 = relu(x: t1)
      t4 = multiply(a: x, b: t2) again
      t5 = multiply(a: t4, b: x)
      return t3, t5
      `,
    );
  });

  it.each([
    ['graphs without regions', program({ x }, {}, ({ x }) => [relu(x)].map((h) => reading(h, h)))],
    [
      'values outside regions',
      program({ x }, {}, ({ x }) => {
        const h = relu(x);
        return reading(
          h,
          recomputed(() => relu(h)),
        );
      }),
    ],
    [
      'what a region gives to the rest',
      program({ x }, {}, ({ x }) => [recomputed(() => relu(x))].map((h) => reading(h, h))),
    ],
    [
      'what the graph gives out',
      program({ x }, {}, ({ x }) => {
        const inner: Tensor[] = [];
        const y = recomputed(() => {
          inner.push(relu(x));
          return relu(inner[0]!);
        });
        return [y, inner[0]!, reading(inner[0]!, y)];
      }),
    ],
    [
      'what is made from state that is written before the last gradient',
      program({ x, grad: x }, { scale: x, buffer: x, lr: [] }, ({ x, grad, scale, buffer, lr }) => {
        const inner: Tensor[] = [];
        const y = recomputed(() => {
          inner.push(multiply(x, scale));
          return relu(inner[0]!);
        });
        const attrs = { momentum: 0.5, nesterov: false, weightDecay: 0 };
        apply(sgdUpdate, { param: scale, grad, buffer, lr }, attrs);
        return [y, reading(inner[0]!, y)];
      }),
    ],
    ['inference', program({ x }, {}, ({ x }) => recomputed(() => relu(relu(x))))],
  ])('leaves %s', (_, before) => expectSame((graph) => recompute(graph), before));
});
