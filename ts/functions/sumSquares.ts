import { apply } from '../apply.ts';
import { sumSquares as op } from '../ops/sumSquares.ts';
import type { Tensor } from '../tensor.ts';

/** `Σ x²` over all elements as a scalar `[]`: the square of a gradient's norm. */
export function sumSquares(x: Tensor): Tensor {
  return apply(op, [x], {})[0]!;
}
