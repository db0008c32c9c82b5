import { channelsOf } from '../../base/shape.ts';
import { channelChunks } from '../chunks.ts';
import { expectPerChannel } from '../expect.ts';
import type { Op } from '../op.ts';

/** `eps` is added to the variance. */
export interface RstdOfVarianceAttrs {
  readonly eps: number;
}

/** What a convolution that applies batch norm in inference to its input needs: inputs gamma, running variance; output rstd, `[C]`. */
export const rstdOfVariance: Op<RstdOfVarianceAttrs> = {
  name: 'rstdOfVariance',
  infer([gamma, variance]) {
    expectPerChannel('rstdOfVariance', 'running variance', variance!, gamma!);
    return [{ shape: gamma!.shape, dtype: 'f32' }];
  },
  lower(to, [gamma, variance], [rstd], { eps }) {
    const channels = channelsOf(gamma!.shape);
    to.step({
      kernel: 'batchNorm.frozen.f32/scalar',
      chunks: channelChunks(gamma!),
      args: {
        ...{ gamma: gamma!.pointer, var: variance!.pointer, eps, channels },
        ...{ rstd: rstd!.pointer, scale: to.workspace(4 * channels) },
      },
    });
  },
};
