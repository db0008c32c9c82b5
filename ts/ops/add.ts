import { sizeOf } from '../base/shape.ts';
import { at, rows } from './args.ts';
import { elementwiseChunks } from './chunks.ts';
import { expectShape, expectType } from './expect.ts';
import type { Op } from './op.ts';
import type { One } from './places.ts';
import { reluBackward } from './relu.ts';

/** Settings of {@link add}. */
export interface AddAttrs {
  /** Clips the sum at 0 in the same pass. */
  readonly relu: boolean;
}

/** `y = a + b`, or `y = max(a + b, 0)` with `relu`; all of one shape. */
export const add: Op<{ a: One; b: One }, { y: One }, AddAttrs> = {
  name: 'add',
  inPlace: [
    ['a', 'y'],
    ['b', 'y'],
  ],
  fuses: { relu: true },
  infer({ a, b }) {
    expectType('add', 'first input', a, 'f32');
    expectShape('add', 'second input', b, a.shape, 'the first has');
    return { y: { shape: a.shape, dtype: 'f32' } };
  },
  lower(to, { a, b }, { y }, { relu }) {
    to.step({
      kernel: 'add.forward.f32/simd',
      chunks: elementwiseChunks(sizeOf(y.shape)),
      args: { ...at('a', a), ...at('b', b), ...at('y', y), ...rows(y), relu: Number(relu) },
    });
  },
  gradient(apply, { outputs: { y }, dys: { y: dy }, attrs }) {
    if (!dy) return {};
    const d = attrs.relu ? apply(reluBackward, { dy, y }, {}).dx : dy;
    return { a: d, b: d };
  },
};
