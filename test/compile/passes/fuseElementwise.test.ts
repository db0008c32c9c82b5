import { describe, it } from 'vitest';
import { fuseElementwise } from '../../../ts/compile/passes/fuseElementwise.ts';
import { gradients } from '../../../ts/core/gradients.ts';
import { add } from '../../../ts/functions/add.ts';
import { clip } from '../../../ts/functions/clip.ts';
import { globalAvgPool2d } from '../../../ts/functions/globalAvgPool2d.ts';
import { multiply } from '../../../ts/functions/multiply.ts';
import { relu } from '../../../ts/functions/relu.ts';
import { sigmoid } from '../../../ts/functions/sigmoid.ts';
import { silu } from '../../../ts/functions/silu.ts';
import { subtract } from '../../../ts/functions/subtract.ts';
import { expectRewrite, expectSame, program, useTestEngine } from './expect.ts';

await useTestEngine();

const x = [2, 4, 4, 8];
const gate = [2, 1, 1, 8];

describe('fuseElementwise', () => {
  it('makes one op of a gate, a shortcut and a ReLU', () => {
    expectRewrite(
      fuseElementwise,
      program({ x, gate, s: x }, {}, ({ x, gate, s }) => add(multiply(x, gate), s, { relu: true })),
      `
      t1 = map: multiply, add(x, gate, s)
      return t1
      `,
    );
  });

  it('takes ops of their own before and after', () => {
    expectRewrite(
      fuseElementwise,
      program({ x, s: x }, { scale: [8], shift: [8] }, ({ x, s, scale, shift }) =>
        relu(silu(add(multiply(add(x, s), scale), shift))),
      ),
      `
      t1 = map: add, multiply, add, silu, relu(x, s, scale, shift)
      return t1
      `,
    );
  });

  it('computes what is cheap in each of its readers', () => {
    expectRewrite(
      fuseElementwise,
      program({ x }, { shift: [8] }, ({ x, shift }) => {
        const moved = subtract(x, shift);
        return [silu(moved), multiply(moved, 2)];
      }),
      `
      t1 = map: subtract, silu(x, shift)
      t2 = map: subtract, multiply(x, shift)
      return t1, t2
      `,
    );
  });

  it('leaves what several read where it is dear', () => {
    expectSame(
      fuseElementwise,
      program({ x }, {}, ({ x }) => {
        const curve = silu(x);
        return [multiply(curve, 2), multiply(curve, 3)];
      }),
    );
  });

  it('leaves a gate as it is, which would be computed for each pixel', () => {
    expectSame(
      fuseElementwise,
      program({ x, gate }, {}, ({ x, gate }) => multiply(x, sigmoid(gate))),
    );
  });

  it('leaves what is a result, and what another kind of op reads', () => {
    expectSame(
      fuseElementwise,
      program({ x }, {}, ({ x }) => {
        const curve = silu(x);
        return [curve, multiply(curve, 2)];
      }),
    );
    expectSame(
      fuseElementwise,
      program({ x }, {}, ({ x }) => {
        const half = multiply(x, 0.5);
        return [globalAvgPool2d(half), silu(half)];
      }),
    );
  });

  it('leaves a chain of more inputs than the kernel takes', () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'] as const;
    type Names = Record<(typeof names)[number], readonly number[]>;
    const shapes = Object.fromEntries(names.map((name) => [name, [8]])) as unknown as Names;
    expectRewrite(
      fuseElementwise,
      program({ x }, shapes, ({ x, ...rest }) =>
        names.reduce((sum, name) => subtract(sum, rest[name]), x),
      ),
      `
      t1 = map: subtract, subtract, subtract, subtract, subtract, subtract, subtract(x, a, b, c, d, e, f, g)
      t2 = map: subtract, subtract(t1, h, i)
      return t2
      `,
    );
  });

  it('joins an op that calls its result otherwise', () => {
    expectRewrite(
      fuseElementwise,
      program({ x: [1] }, {}, ({ x }) => {
        x.requiresGrad = true;
        return gradients(clip(sigmoid(x), 0, 1), [x]);
      }),
      `
      t1 = sigmoid(x)
      t2 = map: clip(t1)
      t3 = fill() shape 1 value 1
      t4 = map: clip gradient, sigmoidBackward(t1, t3)
      return t4
      `,
    );
  });

  it('leaves ops none of which is a map', () => {
    expectSame(
      fuseElementwise,
      program({ x, s: x }, {}, ({ x, s }) => relu(multiply(add(x, s), s))),
    );
  });
});
