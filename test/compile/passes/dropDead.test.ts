import { describe, it } from 'vitest';
import { dropDead } from '../../../ts/compile/passes/dropDead.ts';
import { apply } from '../../../ts/core/apply.ts';
import { relu } from '../../../ts/functions/relu.ts';
import { nextRandomStep } from '../../../ts/ops/random/nextRandomStep.ts';
import { state } from '../../../ts/core/create.ts';
import { add } from './apply.ts';
import { expectRewrite, expectSame, program, useTestEngine } from './expect.ts';

await useTestEngine();

describe('dropDead', () => {
  it('removes what nobody reads, and what only that reads', () => {
    const before = program({ x: [4] }, {}, ({ x }) => {
      relu(relu(x));
      return add(x, x);
    });
    expectRewrite(
      dropDead,
      before,
      `
      t1 = add(a: x, b: x)
      return t1
      `,
    );
  });

  it('keeps what is given out, and what it reads', () => {
    expectSame(
      dropDead,
      program({ x: [4] }, {}, ({ x }) => relu(add(x, x))),
    );
  });

  it('keeps what has an effect', () => {
    const seed = state([4], 'i32');
    expectSame(
      dropDead,
      program({ x: [4] }, { seed }, ({ x }) => {
        apply(nextRandomStep, { state: seed }, {});
        return relu(x);
      }),
    );
  });
});
