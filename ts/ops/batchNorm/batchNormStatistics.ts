import { ShapeError } from '../../base/errors.ts';
import { channelsOf, formatShape } from '../../base/shape.ts';
import { at } from '../args.ts';
import { channelChunks } from '../chunks.ts';
import { expectPerChannel, expectType } from '../expect.ts';
import type { Op } from '../op.ts';
import type { One } from '../places.ts';

/** Settings of {@link batchNormStatistics}. */
export interface BatchNormStatisticsAttrs {
  /** Number of values of a channel. */
  readonly pixels: number;
  /** Added to the variance. */
  readonly eps: number;
  /** Weight of the new value in the running statistics. */
  readonly momentum: number;
}

/** Places of the inputs of {@link batchNormStatistics}. */
export interface BatchNormStatisticsInputs {
  moments: One;
  runningMean: One;
  runningVar: One;
}

/**
 * What batch norm in training takes from moments that are known, mean and biased variance: `rstd = 1/√(variance + eps)`.
 * The running statistics are moved. moments is `[2, C]`, runningMean, runningVar, mean and rstd are `[C]`.
 */
export const batchNormStatistics: Op<
  BatchNormStatisticsInputs,
  { mean: One; rstd: One },
  BatchNormStatisticsAttrs
> = {
  name: 'batchNormStatistics',
  mutates: ['runningMean', 'runningVar'],
  infer({ moments, runningMean, runningVar }) {
    const op = 'batchNormStatistics';
    expectType(op, 'moments', moments, 'f32');
    if (moments.shape.length !== 2 || moments.shape[0] !== 2) {
      throw new ShapeError(`${op}: moments are ${formatShape(moments.shape)} but must be [2, C]`);
    }
    expectPerChannel(op, 'running mean', runningMean, moments);
    expectPerChannel(op, 'running variance', runningVar, moments);
    return {
      mean: { shape: runningMean.shape, dtype: 'f32' },
      rstd: { shape: runningVar.shape, dtype: 'f32' },
    };
  },
  lower(to, { moments, runningMean, runningVar }, { mean, rstd }, { pixels, eps, momentum }) {
    to.step({
      kernel: 'batchNorm.ofMoments.f32/scalar',
      chunks: channelChunks(moments),
      args: {
        ...at('moments', moments),
        pixels,
        channels: channelsOf(moments.shape),
        runningMean: runningMean.pointer,
        runningVar: runningVar.pointer,
        eps,
        momentum,
        mean: mean.pointer,
        rstd: rstd.pointer,
      },
    });
  },
};
