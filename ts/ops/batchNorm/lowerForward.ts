import type { Pointer } from '../../kernels/step.ts';
import { bytesOf, channelsOf, sizeOf } from '../../base/shape.ts';
import { at, rows } from '../args.ts';
import { channelChunks, elementwiseChunks } from '../chunks.ts';
import type { Lowering, View } from '../op.ts';

/** Emits `rstd = 1/√(variance + eps)` and `scale = gamma·rstd` into the workspace, or where the caller wants the scale. */
export function lowerFrozen(
  to: Lowering,
  gamma: View,
  variance: View,
  eps: number,
  scale = to.workspace(bytesOf(gamma)),
): { rstd: Pointer; scale: Pointer } {
  const rstd = to.workspace(bytesOf(gamma));
  to.step({
    kernel: 'batchNorm.frozen.f32/scalar',
    chunks: channelChunks(gamma),
    args: {
      gamma: gamma.pointer,
      var: variance.pointer,
      eps,
      channels: channelsOf(gamma.shape),
      rstd,
      scale,
    },
  });
  return { rstd, scale };
}

/** Emits `y = (x - mean)·scale + beta`, clipped at 0 with `relu`. */
export function lowerApply(
  to: Lowering,
  x: View,
  statistics: { mean: View; scale: Pointer; beta: View },
  y: View,
  relu: boolean,
): void {
  const { mean, scale, beta } = statistics;
  to.step({
    kernel: 'batchNorm.apply.f32/simd',
    chunks: elementwiseChunks(sizeOf(x.shape)),
    args: {
      ...at('x', x),
      mean: mean.pointer,
      scale,
      beta: beta.pointer,
      ...at('y', y),
      ...rows(x),
      relu: Number(relu),
    },
  });
}
