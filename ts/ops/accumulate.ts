import { bytesOf, channelsOf, sizeOf } from '../base/shape.ts';
import { at, rows } from './args.ts';
import { elementwiseChunks } from './chunks.ts';
import { expectAxes, expectShape, expectType } from './expect.ts';
import type { Op, View } from './op.ts';
import type { One } from './places.ts';

/** Settings of {@link accumulate}. */
export interface AccumulateAttrs {
  /** What the sum held before does not count. */
  readonly first: boolean;
}

/** Places of the inputs of {@link accumulate}. */
export interface AccumulateInputs {
  sum: One;
  x: One;
  share: One;
}

/** `sum ← sum + share·x`, or `sum ← share·x`, in place: sum and x of one shape, share `[]`. */
export const accumulate: Op<AccumulateInputs, object, AccumulateAttrs> = {
  name: 'accumulate',
  mutates: ['sum'],
  infer({ sum, x, share }) {
    expectType('accumulate', 'sum', sum, 'f32');
    expectShape('accumulate', 'input', x, sum.shape, 'the sum has');
    expectAxes('accumulate', 'share', share, '');
    return {};
  },
  lower(to, { sum, x, share }, _, { first }) {
    const chunks = elementwiseChunks(sizeOf(sum.shape));
    const scaled: View = first
      ? sum
      : { ...sum, pointer: to.workspace(bytesOf(sum)), stride: channelsOf(sum.shape) };
    to.step({
      kernel: 'multiply.scale.f32/simd',
      chunks,
      args: { ...at('x', x), scale: share.pointer, ...at('y', scaled), ...rows(sum) },
    });
    if (first) return;
    to.step({
      kernel: 'add.forward.f32/simd',
      chunks,
      args: { ...at('a', sum), ...at('b', scaled), ...at('y', sum), ...rows(sum), relu: 0 },
    });
  },
};
