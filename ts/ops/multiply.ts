import { sizeOf } from '../base/shape.ts';
import { at, rows } from './args.ts';
import { elementwiseChunks } from './chunks.ts';
import { expectShape, expectType } from './expect.ts';
import type { Op } from './op.ts';

/** `y = a·b` element by element; inputs a, b of one shape. */
export const multiply: Op<object> = {
  name: 'multiply',
  inPlace: [
    [0, 0],
    [1, 0],
  ],
  infer([a, b]) {
    expectType('multiply', 'first input', a!, 'f32');
    expectShape('multiply', 'second input', b!, a!.shape, 'the first has');
    return [{ shape: a!.shape, dtype: 'f32' }];
  },
  lower(to, [a, b], [y]) {
    to.step({
      kernel: 'multiply.forward.f32/simd',
      chunks: elementwiseChunks(sizeOf(y!.shape)),
      args: { ...at('a', a!), ...at('b', b!), ...at('y', y!), ...rows(y!) },
    });
  },
  gradient: (apply, { inputs: [a, b], dys: [dy], needs }) => [
    needs[0] ? apply(multiply, [dy!, b!], {})[0] : undefined,
    needs[1] ? apply(multiply, [dy!, a!], {})[0] : undefined,
  ],
};
