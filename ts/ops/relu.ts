import { sizeOf } from '../base/shape.ts';
import { at, rows } from './args.ts';
import { elementwiseChunks } from './chunks.ts';
import { expectType } from './expect.ts';
import type { Op } from './op.ts';
import type { One } from './places.ts';

/** `y = max(x, 0)`, of any one shape; a NaN stays a NaN. */
export const relu: Op<{ x: One }, { y: One }, object> = {
  name: 'relu',
  inPlace: [['x', 'y']],
  infer({ x }) {
    expectType('relu', 'input', x, 'f32');
    return { y: { shape: x.shape, dtype: 'f32' } };
  },
  lower(to, { x }, { y }) {
    to.step({
      kernel: 'relu.forward.f32/simd',
      chunks: elementwiseChunks(sizeOf(x.shape)),
      args: { ...at('x', x), ...at('y', y), ...rows(x) },
    });
  },
  gradient: (apply, { outputs: { y }, dys: { y: dy } }) =>
    dy ? { x: apply(reluBackward, { dy, y }, {}).dx } : {},
};

/** `dx = dy` where `y > 0`, else 0; all of one shape. */
export const reluBackward: Op<{ dy: One; y: One }, { dx: One }, object> = {
  name: 'reluBackward',
  inPlace: [['dy', 'dx']],
  infer: ({ dy }) => ({ dx: { shape: dy.shape, dtype: 'f32' } }),
  lower(to, { dy, y }, { dx }) {
    to.step({
      kernel: 'relu.backward.f32/simd',
      chunks: elementwiseChunks(sizeOf(dy.shape)),
      args: { ...at('dy', dy), ...at('y', y), ...at('dx', dx), ...rows(dy) },
    });
  },
};
