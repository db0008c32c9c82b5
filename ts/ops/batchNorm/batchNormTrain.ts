import { ShapeError } from '../../base/errors.ts';
import { bytesOf, channelsOf, formatShape, pixelsOf } from '../../base/shape.ts';
import type { Spec } from '../../base/shape.ts';
import { at, rows } from '../args.ts';
import { batchNormApply } from './batchNormApply.ts';
import { batchNormBackward } from './batchNormBackward.ts';
import { momentParts } from './channelMoments.ts';
import { channelChunks } from '../chunks.ts';
import { lowerApply } from './lowerForward.ts';
import { expectNormSettings, expectRunningNorm } from './norm.ts';
import type { BatchNormAttrs, RunningNorm } from './norm.ts';
import type { Op } from '../op.ts';
import type { One } from '../places.ts';

/** Settings of {@link batchNormTrain}. */
export interface BatchNormTrainAttrs extends BatchNormAttrs {
  /** Weight of the new value in the running statistics, as in PyTorch. */
  readonly momentum: number;
}

/** Places of the inputs of {@link batchNormTrain}. */
export interface BatchNormTrainInputs extends RunningNorm {
  x: One;
}

/** Places of the outputs of {@link batchNormTrain}. */
export interface BatchNormTrainOutputs {
  y: One;
  mean: One;
  rstd: One;
}

/**
 * Batch norm by the statistics of the batch, `y = gamma·(x - mean)·rstd + beta` with the biased variance; the running
 * variance takes the unbiased one. x and y are `[…, C]`, gamma, beta, runningMean, runningVar, mean and rstd `[C]`.
 *
 * Source: Ioffe and Szegedy, 2015.
 */
export const batchNormTrain: Op<BatchNormTrainInputs, BatchNormTrainOutputs, BatchNormTrainAttrs> =
  {
    name: 'batchNormTrain',
    mutates: ['runningMean', 'runningVar'],
    inPlace: [['x', 'y']],
    fuses: { relu: true },
    infer({ x, ...norm }, attrs) {
      expectNormSettings('batchNorm', attrs);
      expectRunningNorm('batchNorm', x, norm);
      const pixels = pixelsOf(x.shape);
      if (pixels < 2) {
        const facts = `input ${formatShape(x.shape)} has ${pixels}`;
        throw new ShapeError(
          `batchNorm: expected more than 1 value per channel in training but ${facts}`,
        );
      }
      const perChannel: Spec = { shape: [channelsOf(x.shape)], dtype: 'f32' };
      return { y: { shape: x.shape, dtype: 'f32' }, mean: perChannel, rstd: perChannel };
    },
    lower(to, { x, gamma, beta, runningMean, runningVar }, { y, mean, rstd }, attrs) {
      const parts = momentParts(x);
      const partials = to.workspace(2 * bytesOf(mean) * parts);
      const scale = to.workspace(bytesOf(mean));
      to.step({
        kernel: 'batchNorm.partials.f32/simd',
        chunks: parts,
        args: { ...at('x', x), ...rows(x), partials },
      });
      to.step({
        kernel: 'batchNorm.statistics.f32/scalar',
        chunks: channelChunks(x),
        args: {
          partials,
          parts,
          ...rows(x),
          gamma: gamma.pointer,
          runningMean: runningMean.pointer,
          runningVar: runningVar.pointer,
          eps: attrs.eps,
          momentum: attrs.momentum,
          mean: mean.pointer,
          rstd: rstd.pointer,
          scale,
        },
      });
      lowerApply(to, x, { mean, scale, beta }, y, attrs.relu);
    },
    recompute(apply, { inputs: { x, gamma, beta }, outputs: { mean, rstd }, attrs: { relu } }) {
      return apply(batchNormApply, { x, norm: { mean, rstd, gamma, beta } }, { relu }).y;
    },
    gradient(apply, { inputs: { x, gamma, beta }, outputs, dys: { y: dy }, attrs }) {
      if (!dy) return {};
      const { mean, rstd } = outputs;
      const norm = { mean, rstd, gamma, beta: attrs.relu ? beta : undefined };
      const { dx, dgamma, dbeta } = apply(batchNormBackward, { dy, x, norm }, {});
      return { x: dx, gamma: dgamma, beta: dbeta };
    },
  };
