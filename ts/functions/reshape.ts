import { apply } from '../core/apply.ts';
import { reshape as op } from '../ops/reshape.ts';
import { sizeOf } from '../base/shape.ts';
import type { Shape } from '../base/shape.ts';
import type { Tensor } from '../core/tensor.ts';

/**
 * The same elements in row-major order under another shape; one axis may be -1: what is left.
 *
 * @throws ShapeError when the number of elements differs.
 */
export function reshape(x: Tensor, shape: Shape): Tensor {
  const known = sizeOf(shape.filter((axis) => axis !== -1));
  const left = sizeOf(x.shape) / known;
  const filled = shape.map((axis) => (axis === -1 && Number.isInteger(left) ? left : axis));
  return apply(op, { x }, { shape: filled }).y;
}
