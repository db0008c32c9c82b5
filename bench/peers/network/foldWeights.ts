import type { FoldBatchNormInputs } from '../../../ts/ops/batchNorm/foldBatchNorm.ts';
import type { Of } from '../../../ts/ops/places.ts';
import type { Weight } from './layers.ts';

/** Weight and bias of a convolution with the batch norm behind it in them. */
export function foldWeights(
  { w, bias, gamma, beta, runningMean, runningVar }: Of<FoldBatchNormInputs, Weight>,
  eps: number,
): { readonly w: Weight; readonly bias: Weight } {
  const scale = Float64Array.from(
    gamma.data,
    (value, c) => value / Math.sqrt(runningVar.data[c]! + eps),
  );
  const shift = (s: number, c: number): number =>
    beta.data[c]! + ((bias?.data[c] ?? 0) - runningMean.data[c]!) * s;
  return {
    w: { shape: w.shape, data: w.data.map((value, i) => value * scale[i % scale.length]!) },
    bias: { shape: gamma.shape, data: Float32Array.from(scale, shift) },
  };
}
