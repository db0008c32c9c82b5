import type { Shape } from '../base/shape.ts';
import { ShapeError } from '../base/errors.ts';
import { formatShape, sizeOf } from '../base/shape.ts';
import { at, rows } from './args.ts';
import { elementwiseChunks } from './chunks.ts';
import type { Op } from './op.ts';

/** The value of every element and the shape of the output. */
export interface FillAttrs {
  readonly value: number;
  readonly shape: Shape;
}

/** `y = value` everywhere; no inputs. */
export const fill: Op<FillAttrs> = {
  name: 'fill',
  infer(_, { shape }) {
    if (shape.some((size) => !Number.isSafeInteger(size) || size < 0)) {
      throw new ShapeError(
        `fill: shape ${formatShape(shape)} has an axis that is not a whole number ≥ 0`,
      );
    }
    return [{ shape, dtype: 'f32' }];
  },
  lower(to, _, [y], { value }) {
    to.step({
      kernel: 'copy.fill.f32/simd',
      chunks: elementwiseChunks(sizeOf(y!.shape)),
      args: { ...at('y', y!), ...rows(y!), value },
    });
  },
};
