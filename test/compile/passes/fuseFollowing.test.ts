import { describe, it } from 'vitest';
import { fuseFollowing } from '../../../ts/compile/passes/fuseFollowing.ts';
import { add } from '../../../ts/functions/add.ts';
import { conv2d } from '../../../ts/functions/conv2d.ts';
import { globalAvgPool2d } from '../../../ts/functions/globalAvgPool2d.ts';
import { multiply } from '../../../ts/functions/multiply.ts';
import { silu } from '../../../ts/functions/silu.ts';
import { expectRewrite, expectSame, program, useTestEngine } from './expect.ts';

await useTestEngine();

const x = [2, 4, 4, 8];
const w = [3, 3, 8, 8];

describe('fuseFollowing', () => {
  it('has a function of one value follow the convolution that makes it', () => {
    expectRewrite(
      fuseFollowing,
      program({ x }, { w }, ({ x, w }) => silu(conv2d(x, w))),
      `
      t1 = conv2d + silu(x, w)
      return t1
      `,
    );
  });

  it('has one of gates and scales follow, which are the same for all pixels of an image', () => {
    expectRewrite(
      fuseFollowing,
      program({ x, gate: [2, 1, 1, 8] }, { w, scale: [8] }, ({ x, gate, w, scale }) =>
        multiply(multiply(conv2d(x, w, { padding: 1 }), gate), scale),
      ),
      `
      t1 = conv2d + multiply(x, w, gate)
      t2 = map: multiply(t1, scale)
      return t2
      `,
    );
  });

  it('leaves what others read, what is a result, and what is larger than the convolution', () => {
    expectSame(
      fuseFollowing,
      program({ x }, { w }, ({ x, w }) => {
        const h = conv2d(x, w);
        return [silu(h), globalAvgPool2d(h)];
      }),
    );
    expectSame(
      fuseFollowing,
      program({ x }, { w }, ({ x, w }) => {
        const h = conv2d(x, w);
        return [silu(h), h];
      }),
    );
    expectSame(
      fuseFollowing,
      program({ x, wide: [2, 2, 2, 8] }, { w }, ({ x, wide, w }) =>
        multiply(add(wide, 1), conv2d(x, w, { stride: 4, padding: 1 })),
      ),
    );
  });

  it('leaves a value for each row', () => {
    expectSame(
      fuseFollowing,
      program({ x, rows: [4, 1, 1] }, { w }, ({ x, rows, w }) =>
        multiply(conv2d(x, w, { padding: 1 }), rows),
      ),
    );
  });
});
