import { bytesOf, channelsOf, sizeOf } from '../base/shape.ts';
import { at, rows } from './args.ts';
import { elementwiseChunks } from './chunks.ts';
import { expectAxes, expectShape, expectType } from './expect.ts';
import type { Op, View } from './op.ts';

/** `first`: what the sum held before does not count. */
export interface AccumulateAttrs {
  readonly first: boolean;
}

/** `sum ← sum + share·x`, or `sum ← share·x`, in place; inputs sum and x of one shape, share `[]`; no outputs. */
export const accumulate: Op<AccumulateAttrs> = {
  name: 'accumulate',
  mutates: [0],
  infer([sum, x, share]) {
    expectType('accumulate', 'sum', sum!, 'f32');
    expectShape('accumulate', 'input', x!, sum!.shape, 'the sum has');
    expectAxes('accumulate', 'share', share!, '');
    return [];
  },
  lower(to, [sum, x, share], _, { first }) {
    const chunks = elementwiseChunks(sizeOf(sum!.shape));
    const scaled: View = first
      ? sum!
      : { ...sum!, pointer: to.workspace(bytesOf(sum!)), stride: channelsOf(sum!.shape) };
    to.step({
      kernel: 'multiply.scale.f32/simd',
      chunks,
      args: { ...at('x', x!), scale: share!.pointer, ...at('y', scaled), ...rows(sum!) },
    });
    if (first) return;
    to.step({
      kernel: 'add.forward.f32/simd',
      chunks,
      args: { ...at('a', sum!), ...at('b', scaled), ...at('y', sum!), ...rows(sum!), relu: 0 },
    });
  },
};
