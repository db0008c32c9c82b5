import type { Shape } from '../base/shape.ts';
import type { Tensor } from '../core/tensor.ts';
import { inferLike } from './inferLike.ts';

/** Shape that a function of one tensor gives for a shape, found without computing anything. Throws what its ops throw. */
export function inferShape(fn: (x: Tensor) => Tensor, shape: Shape): Shape {
  return inferLike(fn, [{ shape, dtype: 'f32' }]);
}
