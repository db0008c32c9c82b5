import { ShapeError } from '../../base/errors.ts';
import { channelsOf, formatShape } from '../../base/shape.ts';
import { at } from '../args.ts';
import { channelChunks } from '../chunks.ts';
import { expectPerChannel, expectType } from '../expect.ts';
import type { Op } from '../op.ts';

/** `pixels` is the number of values of a channel; eps and momentum are those of batch norm. */
export interface BatchNormStatisticsAttrs {
  readonly pixels: number;
  readonly eps: number;
  readonly momentum: number;
}

/**
 * What batch norm in training takes from moments that are known: inputs moments `[2, C]`, running mean, running variance
 * `[C]`, which are moved; outputs mean `[C]`, rstd `[C]`.
 */
export const batchNormStatistics: Op<BatchNormStatisticsAttrs> = {
  name: 'batchNormStatistics',
  mutates: [1, 2],
  infer([moments, ...running]) {
    const op = 'batchNormStatistics';
    expectType(op, 'moments', moments!, 'f32');
    if (moments!.shape.length !== 2 || moments!.shape[0] !== 2) {
      throw new ShapeError(`${op}: moments are ${formatShape(moments!.shape)} but must be [2, C]`);
    }
    ['running mean', 'running variance'].forEach((name, index) =>
      expectPerChannel(op, name, running[index]!, moments!),
    );
    return running.map(({ shape }) => ({ shape, dtype: 'f32' }));
  },
  lower(to, [moments, runningMean, runningVar], [mean, rstd], { pixels, eps, momentum }) {
    to.step({
      kernel: 'batchNorm.ofMoments.f32/scalar',
      chunks: channelChunks(moments!),
      args: {
        ...at('moments', moments!),
        ...{ pixels, channels: channelsOf(moments!.shape) },
        ...{ runningMean: runningMean!.pointer, runningVar: runningVar!.pointer, eps, momentum },
        ...{ mean: mean!.pointer, rstd: rstd!.pointer },
      },
    });
  },
};
