import { sizeOf } from '../base/shape.ts';
import { at, rows } from './args.ts';
import { elementwiseChunks } from './chunks.ts';
import { expectShape, expectType } from './expect.ts';
import type { Op } from './op.ts';
import type { One } from './places.ts';

/** `y = exp(x) / Σ exp(x)` in each row: x and y `[…, K]`. */
export const softmax: Op<{ x: One }, { y: One }, object> = {
  name: 'softmax',
  inPlace: [['x', 'y']],
  infer({ x }) {
    expectType('softmax', 'input', x, 'f32');
    return { y: { shape: x.shape, dtype: 'f32' } };
  },
  lower(to, { x }, { y }) {
    const { pixels, channels } = rows(x);
    to.step({
      kernel: 'softmax.forward.f32/scalar',
      chunks: elementwiseChunks(8 * sizeOf(x.shape)),
      args: { ...at('x', x), ...at('y', y), rows: pixels, classes: channels },
    });
  },
  gradient: (apply, { outputs: { y }, dys: { y: dy } }) =>
    dy ? { x: apply(softmaxBackward, { dy, y }, {}).dx } : {},
};

/** `dx = y·(dy - Σ dy·y)` in each row: dy, y and dx `[…, K]`. */
export const softmaxBackward: Op<{ dy: One; y: One }, { dx: One }, object> = {
  name: 'softmaxBackward',
  inPlace: [['dy', 'dx']],
  infer({ dy, y }) {
    expectType('softmaxBackward', 'y', y, 'f32');
    expectShape('softmaxBackward', 'dy', dy, y.shape, 'y has');
    return { dx: { shape: y.shape, dtype: 'f32' } };
  },
  lower(to, { dy, y }, { dx }) {
    const { pixels, channels } = rows(y);
    to.step({
      kernel: 'softmax.backward.f32/scalar',
      chunks: elementwiseChunks(sizeOf(y.shape)),
      args: { ...at('dy', dy), ...at('y', y), ...at('dx', dx), rows: pixels, classes: channels },
    });
  },
};
