import type { FoldBatchNormAttrs } from '../../../ts/ops/batchNorm/batchNorm.ts';
import type { Weight } from './layers.ts';

/** Weight and bias of a convolution with the batch norm behind it in them; inputs in the order of `foldBatchNorm`. */
export function foldWeights(
  inputs: readonly Weight[],
  { eps, bias }: FoldBatchNormAttrs,
): [weight: Weight, bias: Weight] {
  const [weight, ...others] = inputs as [Weight, ...Weight[]];
  const own = bias ? others.shift()!.data : undefined;
  const [gamma, beta, mean, variance] = others.map(({ data }) => data);
  const channels = gamma!.length;
  const scale = Float64Array.from(gamma!, (value, c) => value / Math.sqrt(variance![c]! + eps));
  return [
    { shape: weight.shape, data: weight.data.map((value, i) => value * scale[i % channels]!) },
    {
      shape: [channels],
      data: Float32Array.from(scale, (s, c) => beta![c]! + ((own?.[c] ?? 0) - mean![c]!) * s),
    },
  ];
}
