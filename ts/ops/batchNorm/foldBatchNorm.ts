import { channelsOf } from '../../base/shape.ts';
import { channelChunks } from '../chunks.ts';
import { expectPerChannel } from '../expect.ts';
import { lowerFrozen } from './lowerForward.ts';
import { expectRunningNorm } from './norm.ts';
import type { RunningNorm } from './norm.ts';
import type { Op } from '../op.ts';
import type { One } from '../places.ts';

/** Settings of {@link foldBatchNorm}. */
export interface FoldBatchNormAttrs {
  /** Added to the variance. */
  readonly eps: number;
}

/** Places of the inputs of {@link foldBatchNorm}: bias of the convolution, then its batch norm. */
export interface FoldBatchNormInputs extends RunningNorm {
  bias?: One;
}

/**
 * Batch norm in inference as part of the convolution before it: what its weights are multiplied by, `scale = gamma/√(runningVar + eps)`,
 * and its bias then, `beta + (bias - runningMean)·scale`; all `[O]`.
 */
export const foldBatchNorm: Op<FoldBatchNormInputs, { scale: One; bias: One }, FoldBatchNormAttrs> =
  {
    name: 'foldBatchNorm',
    infer({ bias, ...norm }) {
      const { gamma } = norm;
      if (bias) expectPerChannel('foldBatchNorm', 'bias', bias, gamma);
      expectRunningNorm('foldBatchNorm', gamma, norm);
      const spec = { shape: gamma.shape, dtype: 'f32' } as const;
      return { scale: spec, bias: spec };
    },
    lower(to, { bias, gamma, beta, runningMean, runningVar }, folded, { eps }) {
      const scale = folded.scale.pointer;
      lowerFrozen(to, gamma, runningVar, eps, scale);
      to.step({
        kernel: 'batchNorm.foldBias.f32/scalar',
        chunks: channelChunks(gamma),
        args: {
          bias: bias?.pointer ?? null,
          beta: beta.pointer,
          mean: runningMean.pointer,
          scale,
          folded: folded.bias.pointer,
          channels: channelsOf(gamma.shape),
        },
      });
    },
  };
