import type { Tensor } from '../core/tensor.ts';

/** Notes the values of tensors; what it returns writes them back. */
export function snapshot(tensors: readonly Tensor[]): () => void {
  const values = tensors.map((tensor) => [tensor, tensor.data()] as const);
  return () => values.forEach(([tensor, data]) => tensor.write(data));
}
