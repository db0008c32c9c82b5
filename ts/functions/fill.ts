import { apply } from '../core/apply.ts';
import { fill as op } from '../ops/fill.ts';
import type { Shape } from '../base/shape.ts';
import type { Tensor } from '../core/tensor.ts';

/** A tensor of this shape with one value everywhere. */
export function fill(shape: Shape, value: number): Tensor {
  return apply(op, {}, { shape, value }).y;
}
