import { apply } from '../core/apply.ts';
import { relu as op } from '../ops/relu.ts';
import type { Tensor } from '../core/tensor.ts';

/** `max(x, 0)`; a NaN stays a NaN. */
export function relu(x: Tensor): Tensor {
  return apply(op, { x }, {}).y;
}
