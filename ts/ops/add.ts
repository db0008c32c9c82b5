import { sizeOf } from '../base/shape.ts';
import { at, rows } from './args.ts';
import { elementwiseChunks } from './chunks.ts';
import { expectShape, expectType } from './expect.ts';
import type { Op } from './op.ts';
import { reluBackward } from './relu.ts';

/** `relu`: the sum is clipped at 0 in the same pass. */
export interface AddAttrs {
  readonly relu: boolean;
}

/** `y = a + b` or `max(a + b, 0)`; inputs a, b of one shape. */
export const add: Op<AddAttrs> = {
  name: 'add',
  inPlace: [
    [0, 0],
    [1, 0],
  ],
  infer([a, b]) {
    expectType('add', 'first input', a!, 'f32');
    expectShape('add', 'second input', b!, a!.shape, 'the first has');
    return [{ shape: a!.shape, dtype: 'f32' }];
  },
  lower(to, [a, b], [y], { relu }) {
    to.step({
      kernel: 'add.forward.f32/simd',
      chunks: elementwiseChunks(sizeOf(y!.shape)),
      args: { ...at('a', a!), ...at('b', b!), ...at('y', y!), ...rows(y!), relu: Number(relu) },
    });
  },
  gradient(apply, { outputs: [y], dys: [dy], attrs }) {
    const [d] = attrs.relu ? apply(reluBackward, [dy!, y!], {}) : [dy];
    return [d, d];
  },
};
