import { apply } from '../core/apply.ts';
import { sumSquares as op } from '../ops/sumSquares.ts';
import type { Tensor } from '../core/tensor.ts';

/** `Σ x²` over all elements as a scalar `[]`: the square of a gradient's norm. */
export function sumSquares(x: Tensor): Tensor {
  return apply(op, { x }, {}).y;
}
