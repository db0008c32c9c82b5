import { describe, expect, it } from 'vitest';
import { fuseFrozenNormIntoPointwise } from '../../../ts/compile/passes/fuseFrozenNormIntoPointwise.ts';
import { fuseResidual } from '../../../ts/compile/passes/fuseResidual.ts';
import { multiply } from '../../../ts/functions/multiply.ts';
import { relu } from '../../../ts/functions/relu.ts';
import { add, conv, convBackwardInput, normInference } from './apply.ts';
import { expectRewrite, expectSame, print, program, useTestEngine } from './expect.ts';

await useTestEngine();

const x = [1, 4, 4, 8];
const s = x;
const w = [1, 1, 8, 8];
const norm = { gamma: [8], beta: [8], runningMean: [8], runningVar: [8] };

describe('fuseResidual', () => {
  it('adds the shortcut in the convolution, and clips', () => {
    expectRewrite(
      fuseResidual,
      program({ x, s }, { w }, ({ x, s, w }) => add(conv({ x, w }), s, true)),
      `
      t1 = conv2d(x, w, residual: s) relu
      return t1
      `,
    );
  });

  it('moves the convolution to where the shortcut exists', () => {
    expectRewrite(
      fuseResidual,
      program({ x }, { w, bias: [8] }, ({ x, w, bias }) => {
        const body = conv({ x, w, bias });
        return add(multiply(x, x), body);
      }),
      `
      t1 = multiply(a: x, b: x)
      t2 = conv2d(x, w, bias, residual: t1)
      return t2
      `,
    );
  });

  it('takes the first of two convolutions, and the other where that cannot', () => {
    const two = (clips: boolean) =>
      program({ x }, { v: w, w }, ({ x, v, w }) =>
        add(conv({ x, w: v }, { relu: clips }), conv({ x, w })),
      );
    expectRewrite(
      fuseResidual,
      two(false),
      `
      t1 = conv2d(x, w)
      t2 = conv2d(x, w: v, residual: t1)
      return t2
      `,
    );
    expectRewrite(
      fuseResidual,
      two(true),
      `
      t1 = conv2d(x, w: v) relu
      t2 = conv2d(x, w, residual: t1)
      return t2
      `,
    );
  });

  it('gives the same before and after a norm goes into the convolution', () => {
    const { graph, names } = program({ x, s }, { w, ...norm }, ({ x, s, w, ...norm }) =>
      add(s, conv({ x: normInference(x, norm, true), w }), true),
    );
    const inputs = (text: string): string[] => text.split(/[(), \n]+/).sort();
    const first = print(fuseFrozenNormIntoPointwise(fuseResidual(graph)), names);
    const last = print(fuseResidual(fuseFrozenNormIntoPointwise(graph)), names);
    expect(inputs(last)).toEqual(inputs(first));
    expect(last).toContain('residual: s');
  });

  it.each([
    [
      'what is read twice',
      program({ x, s }, { w }, ({ x, s, w }) =>
        [conv({ x, w })].flatMap((h) => [add(h, s), relu(h)]),
      ),
    ],
    [
      'a convolution that clips',
      program({ x, s }, { w }, ({ x, s, w }) => add(conv({ x, w }, { relu: true }), s)),
    ],
    [
      'one that adds already',
      program({ x, s }, { w }, ({ x, s, w }) => add(conv({ x, w, residual: x }), s)),
    ],
    ['twice the same', program({ x }, { w }, ({ x, w }) => [conv({ x, w })].map((h) => add(h, h)))],
    [
      'an op that can clip but not add',
      program({ x, s }, norm, ({ x, s, ...norm }) => add(normInference(x, norm), s)),
    ],
    ['another op', program({ x, s }, {}, ({ x, s }) => add(multiply(x, x), s))],
    [
      'the gradient of a convolution, which cannot clip',
      program({ s, dy: x }, { w }, ({ s, dy, w }) => add(convBackwardInput({ dy, w }, 4), s)),
    ],
  ])('leaves %s', (_, before) => expectSame(fuseResidual, before));
});
