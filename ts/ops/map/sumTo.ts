import { sameShape, type Shape, type Spec } from '../../base/shape.ts';
import type { Apply } from '../op.ts';
import { sum } from '../reduce/sum.ts';

/** The gradient by a tensor that was broadcast: the sum over what it was repeated along. */
export function sumTo<T extends Spec>(apply: Apply<T>, x: T, shape: Shape): T {
  if (sameShape(x.shape, shape)) return x;
  const added = x.shape.length - shape.length;
  const axes = [...x.shape.keys()].filter(
    (axis) => axis < added || (shape[axis - added] === 1 && x.shape[axis] !== 1),
  );
  return apply(sum, { x }, { axes, shape }).y;
}
