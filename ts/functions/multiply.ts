import { apply } from '../core/apply.ts';
import { multiply as op } from '../ops/multiply.ts';
import { scaleBy } from '../ops/dot.ts';
import type { Tensor } from '../core/tensor.ts';

/**
 * `a·b` element by element; b has a's shape or is a scalar `[]`.
 *
 * @throws ShapeError when it has neither.
 */
export function multiply(a: Tensor, b: Tensor): Tensor {
  const scalar = b.shape.length === 0 && a.shape.length > 0;
  return scalar ? apply(scaleBy, { x: a, s: b }, {}).y : apply(op, { a, b }, {}).y;
}
