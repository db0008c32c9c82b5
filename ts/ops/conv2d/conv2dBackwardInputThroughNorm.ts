import { bytesOf, channelsOf } from '../../base/shape.ts';
import { at, rows } from '../args.ts';
import { channelChunks } from '../chunks.ts';
import {
  backwardInputFlops,
  backwardInputShape,
  conv2dBackwardInput,
  lowerBackwardInput,
} from './conv2dBackwardInput.ts';
import { cutWinograd } from './winograd.ts';
import { expectShape } from '../expect.ts';
import { expectNorm, type Norm } from '../batchNorm/norm.ts';
import type { Conv2dBackwardInputAttrs } from './conv2dBackwardInput.ts';
import type { Op } from '../op.ts';
import type { One } from '../places.ts';

/** Places of the inputs of {@link conv2dBackwardInputThroughNorm}. */
export interface Conv2dBackwardInputThroughNormInputs {
  dy: One;
  w: One;
  x: One;
  norm: Norm;
  /** A gradient by x that is added to g. */
  residual?: One;
  /** Factors that belong to `residual`, where that is incomplete as well. */
  residualFactors?: One;
}

/** Places of the outputs of {@link conv2dBackwardInputThroughNorm}. */
export interface Conv2dBackwardInputThroughNormOutputs {
  g: One;
  dgamma: One;
  dbeta: One;
  factors: One;
}

/**
 * The gradient of `conv(relu(batchNorm(x)), w)` by x, but for what the statistics add, and those of gamma and beta, in the
 * epilogue of the convolution with flipped weights: what comes between is never written. dy is `[N, OH, OW, O]`, w
 * `[KH, KW, C, O]`, x, residual and g `[N, H, W, C]`, those of the norm, dgamma and dbeta `[C]`, residualFactors and factors
 * `[3, C]`. addNormCorrection makes dx of g and factors. Where x is read by several of these, both are sums, so that a
 * channel is completed once.
 */
export const conv2dBackwardInputThroughNorm: Op<
  Conv2dBackwardInputThroughNormInputs,
  Conv2dBackwardInputThroughNormOutputs,
  Conv2dBackwardInputAttrs
> = {
  name: 'conv2dBackwardInputThroughNorm',
  denseInputs: ['w'],
  inPlace: [['residual', 'g']],
  infer({ dy, w, x, norm, residual, residualFactors }, attrs) {
    const op = 'conv2dBackwardInputThroughNorm';
    const { dx } = conv2dBackwardInput.infer({ dy, w }, attrs);
    expectShape(op, 'input', x, dx.shape, 'its gradient has');
    expectNorm(op, norm, x);
    const factors = [3, channelsOf(x.shape)];
    if (residual) expectShape(op, 'residual', residual, x.shape, 'the input has');
    if (residualFactors) expectShape(op, 'earlier factors', residualFactors, factors, 'must be');
    return {
      g: { shape: x.shape, dtype: 'f32' },
      dgamma: { shape: norm.gamma.shape, dtype: 'f32' },
      dbeta: { shape: norm.beta.shape, dtype: 'f32' },
      factors: { shape: factors, dtype: 'f32' },
    };
  },
  lower(to, inputs, { g, dgamma, dbeta, factors }, attrs) {
    const { dy, w, x, norm, residual, residualFactors } = inputs;
    const { batch, inputSize, inChannels, outChannels } = backwardInputShape(dy, w, attrs);
    const flipped = {
      batch,
      inChannels: outChannels,
      outputSize: inputSize,
      outChannels: inChannels,
    };
    const parts = cutWinograd(flipped, 'winograd_4x4').chunks;
    const partials = to.workspace(2 * bytesOf(dgamma) * parts);
    const forced = { ...attrs, algorithm: 'winograd_4x4' } as const;
    lowerBackwardInput(to, { dy, w, residual, dx: g }, forced, { x, norm, partials });
    to.step({
      kernel: 'batchNorm.backwardFactors.f32/scalar',
      chunks: channelChunks(x),
      args: {
        partials,
        parts,
        ...rows(x),
        gamma: norm.gamma.pointer,
        rstd: norm.rstd.pointer,
        frozen: 0,
        scaled: 1,
        earlier: residualFactors?.pointer ?? null,
        earlierStride: residualFactors?.stride ?? 0,
        dgamma: dgamma.pointer,
        dbeta: dbeta.pointer,
        ...at('factors', factors),
      },
    });
  },
  flops: backwardInputFlops,
};
