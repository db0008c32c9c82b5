import type { Shape } from '../shape.ts';
import { sizeOf } from '../shape.ts';
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
  infer: (_, { shape }) => [{ shape, dtype: 'f32' }],
  lower(to, _, [y], { value }) {
    to.step({
      kernel: 'copy.fill.f32/simd',
      chunks: elementwiseChunks(sizeOf(y!.shape)),
      args: { ...at('y', y!), ...rows(y!), value },
    });
  },
};
