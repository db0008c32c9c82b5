import { bytesOf, channelsOf } from '../../base/shape.ts';
import { rows } from '../args.ts';
import { channelChunks } from '../chunks.ts';
import { conv2dBackwardInput, lowerBackwardInput } from './conv2dBackwardInput.ts';
import { cutWinograd } from './winograd.ts';
import { expectShape } from '../expect.ts';
import { expectNorm, NORM_INPUTS, normOf } from './fusedNorm.ts';
import type { Conv2dBackwardInputAttrs } from './conv2dBackwardInput.ts';
import type { Op } from '../op.ts';

/** What is read beyond dy, w, x, mean, gamma, rstd and beta, in this order. */
export interface Conv2dBackwardInputThroughNormAttrs extends Conv2dBackwardInputAttrs {
  /** A gradient that is added to the result. */
  readonly residual: boolean;
  /** Factors that belong to it, where it is incomplete as well. */
  readonly earlier: boolean;
}

/**
 * The gradient of `conv(relu(batchNorm(x)), w)` by x, but for what the statistics add, and those of gamma and beta, in the
 * epilogue of the convolution with flipped weights: what comes between is never written. Outputs g, of the shape of x, dgamma,
 * dbeta `[C]` and factors `[3, C]`, with which addNormCorrection makes dx of g. Where x is read by several of these, g and
 * factors are sums, so that a channel is completed once.
 */
export const conv2dBackwardInputThroughNorm: Op<Conv2dBackwardInputThroughNormAttrs> = {
  name: 'conv2dBackwardInputThroughNorm',
  denseInputs: [1],
  inPlace: [[7, 0]],
  infer([dy, w, x, ...others], attrs) {
    const op = 'conv2dBackwardInputThroughNorm';
    const [dx] = conv2dBackwardInput.infer([dy!, w!], { ...attrs, residual: false });
    expectShape(op, 'input', x!, dx!.shape, 'its gradient has');
    expectNorm(op, others, x!);
    const factors = [3, channelsOf(x!.shape)];
    if (attrs.residual)
      expectShape(op, 'residual', others[NORM_INPUTS]!, x!.shape, 'the input has');
    if (attrs.earlier)
      expectShape(op, 'earlier factors', others[NORM_INPUTS + 1]!, factors, 'must be');
    const shapes = [x!.shape, others[0]!.shape, others[0]!.shape, factors];
    return shapes.map((shape) => ({ shape, dtype: 'f32' }));
  },
  lower(to, inputs, [g, dgamma, dbeta, factors], attrs) {
    const [dy, w, x, ...others] = inputs;
    const norm = normOf(others);
    const [residual, earlier] = others.slice(NORM_INPUTS);
    const parts = cutWinograd(g!.shape, channelsOf(dy!.shape), 'winograd_4x4').chunks;
    const partials = to.workspace(2 * bytesOf(dgamma!) * parts);
    const views = { dy: dy!, w: w!, residual, dx: g! };
    const forced = { ...attrs, algorithm: 'winograd_4x4' } as const;
    lowerBackwardInput(to, views, forced, { ...norm, x: x!, partials });
    to.step({
      kernel: 'batchNorm.backwardFactors.f32/scalar',
      chunks: channelChunks(x!),
      args: {
        ...{ partials, parts, ...rows(x!), gamma: norm.gamma, rstd: norm.rstd },
        ...{ frozen: 0, scaled: 1 },
        ...{ earlier: earlier?.pointer ?? null, earlierStride: earlier?.stride ?? 0 },
        ...{ dgamma: dgamma!.pointer, dbeta: dbeta!.pointer },
        ...{ factors: factors!.pointer, factorsStride: factors!.stride },
      },
    });
  },
};
