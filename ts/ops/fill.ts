import type { Shape } from '../base/shape.ts';
import { ShapeError } from '../base/errors.ts';
import { formatShape, sizeOf } from '../base/shape.ts';
import { at, rows } from './args.ts';
import { elementwiseChunks } from './chunks.ts';
import type { Op } from './op.ts';
import type { One } from './places.ts';

/** Settings of {@link fill}. */
export interface FillAttrs {
  /** Value of every element. */
  readonly value: number;
  /** Shape of the output. */
  readonly shape: Shape;
}

/** `y = value` everywhere, of the shape that its settings say. */
export const fill: Op<object, { y: One }, FillAttrs> = {
  name: 'fill',
  infer(_, { shape }) {
    if (shape.some((size) => !Number.isSafeInteger(size) || size < 0)) {
      throw new ShapeError(
        `fill: shape ${formatShape(shape)} has an axis that is not a whole number ≥ 0`,
      );
    }
    return { y: { shape, dtype: 'f32' } };
  },
  lower(to, _, { y }, { value }) {
    to.step({
      kernel: 'copy.fill.f32/simd',
      chunks: elementwiseChunks(sizeOf(y.shape)),
      args: { ...at('y', y), ...rows(y), value },
    });
  },
};
