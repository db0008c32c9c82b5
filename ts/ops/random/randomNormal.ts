import type { Shape } from '../../base/shape.ts';
import { sizeOf } from '../../base/shape.ts';
import { elementwiseChunks } from '../chunks.ts';
import type { Op } from '../op.ts';
import type { One } from '../places.ts';
import { seedArgs } from './randomSeed.ts';
import type { RandomAttrs } from './randomSeed.ts';

/** Shape, source and moments of the numbers. */
export interface RandomNormalAttrs extends RandomAttrs {
  readonly shape: Shape;
  readonly mean: number;
  readonly std: number;
}

/**
 * Numbers from N(mean, std²), the same bits in every runtime for the same seed and stream: y of the shape that its settings say.
 *
 * Sources: Box and Muller, 1958; Salmon et al., 2011 (Philox4x32-10).
 */
export const randomNormal: Op<object, { y: One }, RandomNormalAttrs> = {
  name: 'randomNormal',
  denseOutputs: ['y'],
  infer(_, { shape, seed, stream }) {
    seedArgs('randomNormal', { seed, stream });
    return { y: { shape, dtype: 'f32' } };
  },
  lower(to, _, { y }, { shape, seed, stream, mean, std }) {
    const count = sizeOf(shape);
    to.step({
      kernel: 'random.normal.f32/scalar',
      chunks: elementwiseChunks(8 * count),
      args: { y: y.pointer, count, ...seedArgs('randomNormal', { seed, stream }), mean, std },
    });
  },
};
