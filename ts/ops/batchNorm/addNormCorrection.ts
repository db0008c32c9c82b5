import { channelsOf, sizeOf } from '../../base/shape.ts';
import { at, rows } from '../args.ts';
import { elementwiseChunks } from '../chunks.ts';
import { expectPerChannel, expectShape } from '../expect.ts';
import type { Op } from '../op.ts';
import type { One } from '../places.ts';

/** Places of the inputs of {@link addNormCorrection}. */
export interface AddNormCorrectionInputs {
  g: One;
  x: One;
  mean: One;
  factors: One;
}

/**
 * The gradient of batch norm's input from what conv2dBackwardInputThroughNorm leaves of it:
 * `dx = g + factors[1]·(x - mean) + factors[2]`; g, x and dx are `[…, C]`, mean `[C]`, factors `[3, C]`.
 */
export const addNormCorrection: Op<AddNormCorrectionInputs, { dx: One }, object> = {
  name: 'addNormCorrection',
  inPlace: [['g', 'dx']],
  // Convolutions read it next: they would jump from row to row of a wider tensor.
  denseOutputs: ['dx'],
  infer({ g, x, mean, factors }) {
    const op = 'addNormCorrection';
    expectShape(op, 'gradient', g, x.shape, 'the input has');
    expectPerChannel(op, 'mean', mean, x);
    expectShape(op, 'factors', factors, [3, channelsOf(x.shape)], 'must be');
    return { dx: { shape: x.shape, dtype: 'f32' } };
  },
  lower(to, { g, x, mean, factors }, { dx }) {
    to.step({
      kernel: 'batchNorm.backwardApply.f32/simd',
      chunks: elementwiseChunks(sizeOf(x.shape)),
      args: {
        ...at('dy', g),
        ...at('x', x),
        y: null,
        yStride: 0,
        mean: mean.pointer,
        beta: null,
        ...at('factors', factors),
        residual: null,
        residualStride: 0,
        ...at('dx', dx),
        ...rows(x),
      },
    });
  },
};
