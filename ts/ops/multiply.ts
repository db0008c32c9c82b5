import { sizeOf } from '../base/shape.ts';
import { at, rows } from './args.ts';
import { elementwiseChunks } from './chunks.ts';
import { expectShape, expectType } from './expect.ts';
import type { Op } from './op.ts';
import type { One } from './places.ts';

/** `y = a·b` element by element; all of one shape. */
export const multiply: Op<{ a: One; b: One }, { y: One }, object> = {
  name: 'multiply',
  inPlace: [
    ['a', 'y'],
    ['b', 'y'],
  ],
  infer({ a, b }) {
    expectType('multiply', 'first input', a, 'f32');
    expectShape('multiply', 'second input', b, a.shape, 'the first has');
    return { y: { shape: a.shape, dtype: 'f32' } };
  },
  lower(to, { a, b }, { y }) {
    to.step({
      kernel: 'multiply.forward.f32/simd',
      chunks: elementwiseChunks(sizeOf(y.shape)),
      args: { ...at('a', a), ...at('b', b), ...at('y', y), ...rows(y) },
    });
  },
  gradient(apply, { inputs: { a, b }, dys: { y: dy }, needs }) {
    if (!dy) return {};
    return {
      a: needs.a ? apply(multiply, { a: dy, b }, {}).y : undefined,
      b: needs.b ? apply(multiply, { a: dy, b: a }, {}).y : undefined,
    };
  },
};
