import { sizeOf } from '../../base/shape.ts';
import { rows } from '../args.ts';
import { channelChunks, elementwiseChunks } from '../chunks.ts';
import { expectPerChannel, expectType } from '../expect.ts';
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

/** Places of the inputs of {@link foldBatchNorm}: weight and bias of the convolution, then its batch norm. */
export interface FoldBatchNormInputs extends RunningNorm {
  w: One;
  bias?: One;
}

/**
 * Batch norm in inference as part of the convolution before it, with `scale = gamma/√(runningVar + eps)`: the new w is
 * `w·scale`, the new bias `beta + (bias - runningMean)·scale`; w is `[KH, KW, C/groups, O]`, all others `[O]`.
 */
export const foldBatchNorm: Op<FoldBatchNormInputs, { w: One; bias: One }, FoldBatchNormAttrs> = {
  name: 'foldBatchNorm',
  denseInputs: ['w'],
  denseOutputs: ['w'],
  inPlace: [['w', 'w']],
  infer({ w, bias, ...norm }) {
    expectType('foldBatchNorm', 'input', w, 'f32');
    if (bias) expectPerChannel('foldBatchNorm', 'bias', bias, w);
    expectRunningNorm('foldBatchNorm', w, norm);
    return {
      w: { shape: w.shape, dtype: 'f32' },
      bias: { shape: norm.gamma.shape, dtype: 'f32' },
    };
  },
  lower(to, { w, bias, gamma, beta, runningMean, runningVar }, folded, { eps }) {
    const { scale } = lowerFrozen(to, gamma, runningVar, eps);
    const { pixels, channels } = rows(w);
    to.step({
      kernel: 'batchNorm.fold.f32/simd',
      chunks: elementwiseChunks(sizeOf(w.shape)),
      args: { w: w.pointer, scale, folded: folded.w.pointer, rows: pixels, channels },
    });
    to.step({
      kernel: 'batchNorm.foldBias.f32/scalar',
      chunks: channelChunks(w),
      args: {
        bias: bias?.pointer ?? null,
        beta: beta.pointer,
        mean: runningMean.pointer,
        scale,
        folded: folded.bias.pointer,
        channels,
      },
    });
  },
};
