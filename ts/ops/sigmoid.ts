import { sizeOf } from '../base/shape.ts';
import { at, rows } from './args.ts';
import { elementwiseChunks } from './chunks.ts';
import { expectShape, expectType } from './expect.ts';
import { ofExtra } from './ofExtra.ts';
import type { One } from './places.ts';

/** Elements that take as long as one exponential. */
const EXPONENTIAL = 8;

/** `y = 1 / (1 + exp(-x))`, of any one shape; a NaN stays a NaN. */
export const sigmoid = /* @__PURE__ */ ofExtra<{ x: One }, { y: One }, object>({
  name: 'sigmoid',
  inPlace: [['x', 'y']],
  infer({ x }) {
    expectType('sigmoid', 'input', x, 'f32');
    return { y: { shape: x.shape, dtype: 'f32' } };
  },
  lower(to, { x }, { y }) {
    to.step({
      kernel: 'sigmoid.forward.f32/simd',
      chunks: elementwiseChunks(EXPONENTIAL * sizeOf(x.shape)),
      args: { ...at('x', x), ...at('y', y), ...rows(x) },
    });
  },
  gradient: (apply, { outputs: { y }, dys: { y: dy } }) =>
    dy ? { x: apply(sigmoidBackward, { dy, y }, {}).dx } : {},
});

/** `dx = y·(1 - y)·dy`, all of one shape. Of dy, the error is at most 2⁻²²: where y is near 1, that of its rounding. */
export const sigmoidBackward = /* @__PURE__ */ ofExtra<{ dy: One; y: One }, { dx: One }, object>({
  name: 'sigmoidBackward',
  inPlace: [
    ['dy', 'dx'],
    ['y', 'dx'],
  ],
  infer({ dy, y }) {
    expectType('sigmoidBackward', 'y', y, 'f32');
    expectShape('sigmoidBackward', 'dy', dy, y.shape, 'y has');
    return { dx: { shape: y.shape, dtype: 'f32' } };
  },
  lower(to, { dy, y }, { dx }) {
    to.step({
      kernel: 'sigmoid.backward.f32/simd',
      chunks: elementwiseChunks(sizeOf(y.shape)),
      args: { ...at('dy', dy), ...at('y', y), ...at('dx', dx), ...rows(y) },
    });
  },
});
