import type { BatchNormLayer, Weight } from '../network/layers.ts';

/** Batch norm in inference as a product and a sum. */
export function scaleAndShift(
  layer: BatchNormLayer,
  weightOf: (name: string) => Weight,
): { scale: Weight; shift: Weight } {
  const [gamma, beta, mean, variance] = [layer.gamma, layer.beta, layer.mean, layer.variance].map(
    (name) => weightOf(name).data,
  ) as [Float32Array, Float32Array, Float32Array, Float32Array];
  const scale = gamma.map((value, c) => value / Math.sqrt(variance[c]! + layer.eps));
  const shift = beta.map((value, c) => value - mean[c]! * scale[c]!);
  const shape = [gamma.length];
  return { scale: { shape, data: scale }, shift: { shape, data: shift } };
}
