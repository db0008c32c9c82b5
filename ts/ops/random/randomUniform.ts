import type { Shape } from '../../base/shape.ts';
import { sizeOf } from '../../base/shape.ts';
import { elementwiseChunks } from '../chunks.ts';
import type { Op } from '../op.ts';
import type { One } from '../places.ts';
import { seedArgs } from './randomSeed.ts';
import type { RandomAttrs } from './randomSeed.ts';

/** Shape, source and range of the numbers. */
export interface RandomUniformAttrs extends RandomAttrs {
  readonly shape: Shape;
  readonly low: number;
  readonly high: number;
}

/**
 * Numbers from U(low, high), `low + (high - low)·u` with u a multiple of 2⁻²⁴ in [0, 1), the same bits in every runtime for
 * the same seed and stream: y of the shape that its settings say.
 *
 * Source: Salmon et al., 2011 (Philox4x32-10).
 */
export const randomUniform: Op<object, { y: One }, RandomUniformAttrs> = {
  name: 'randomUniform',
  denseOutputs: ['y'],
  infer(_, { shape, seed, stream }) {
    seedArgs('randomUniform', { seed, stream });
    return { y: { shape, dtype: 'f32' } };
  },
  lower(to, _, { y }, { shape, seed, stream, low, high }) {
    const count = sizeOf(shape);
    to.step({
      kernel: 'random.uniform.f32/scalar',
      chunks: elementwiseChunks(4 * count),
      args: { y: y.pointer, count, ...seedArgs('randomUniform', { seed, stream }), low, high },
    });
  },
};
