import { formatShape, sizeOf } from '../base/shape.ts';
import type { Tensor } from '../core/tensor.ts';

/**
 * The first NaN or infinity in named tensors, in words: `conv1.weight: NaN at element 3 of [3, 3, 1, 16]`. Values that still
 * lie where they come from are not looked at.
 */
export function nonFinite(tensors: Iterable<readonly [string, Tensor]>): string | undefined {
  for (const [name, tensor] of tensors) {
    if (tensor.dtype !== 'f32' || tensor.deferred) continue;
    const { engine, view, shape } = tensor;
    const index = engine.firstNonFinite(view.pointer, sizeOf(shape));
    if (index >= 0)
      return `${name}: ${tensor.data()[index]} at element ${index} of ${formatShape(shape)}`;
  }
  return undefined;
}
