import type { FoldBatchNormInputs } from '../../../ts/ops/batchNorm/foldBatchNorm.ts';
import type { Of } from '../../../ts/ops/places.ts';
import type { Weight } from './layers.ts';

/** What the weights of a convolution are multiplied by, for the batch norm behind it to be in them, and its bias then. */
export function foldNorm(
  { bias, gamma, beta, runningMean, runningVar }: Of<FoldBatchNormInputs, Weight>,
  eps: number,
): { readonly scale: Weight; readonly bias: Weight } {
  const scale = Float64Array.from(
    gamma.data,
    (value, c) => value / Math.sqrt(runningVar.data[c]! + eps),
  );
  const shift = (s: number, c: number): number =>
    beta.data[c]! + ((bias?.data[c] ?? 0) - runningMean.data[c]!) * s;
  const { shape } = gamma;
  return {
    scale: { shape, data: Float32Array.from(scale) },
    bias: { shape, data: Float32Array.from(scale, shift) },
  };
}

/** The weights of a convolution times what {@link foldNorm} says. */
export const scaleWeights = (w: Weight, scale: Weight): Weight => ({
  shape: w.shape,
  data: w.data.map((value, i) => value * scale.data[i % scale.data.length]!),
});
