import { channelsOf } from '../../base/shape.ts';
import { channelChunks } from '../chunks.ts';
import { expectPerChannel } from '../expect.ts';
import type { Op } from '../op.ts';
import type { One } from '../places.ts';

/** Settings of {@link rstdOfVariance}. */
export interface RstdOfVarianceAttrs {
  /** Added to the variance. */
  readonly eps: number;
}

/**
 * `rstd = 1/√(runningVar + eps)`, for a convolution that applies batch norm in inference to its input: gamma, runningVar and
 * rstd are `[C]`.
 */
export const rstdOfVariance: Op<
  { gamma: One; runningVar: One },
  { rstd: One },
  RstdOfVarianceAttrs
> = {
  name: 'rstdOfVariance',
  infer({ gamma, runningVar }) {
    expectPerChannel('rstdOfVariance', 'running variance', runningVar, gamma);
    return { rstd: { shape: gamma.shape, dtype: 'f32' } };
  },
  lower(to, { gamma, runningVar }, { rstd }, { eps }) {
    const channels = channelsOf(gamma.shape);
    to.step({
      kernel: 'batchNorm.frozen.f32/scalar',
      chunks: channelChunks(gamma),
      args: {
        gamma: gamma.pointer,
        var: runningVar.pointer,
        eps,
        channels,
        rstd: rstd.pointer,
        scale: to.workspace(4 * channels),
      },
    });
  },
};
