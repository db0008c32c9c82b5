import { shown } from '../base/settings.ts';
import { Tensor } from '../core/tensor.ts';
import type { Shape } from '../base/shape.ts';
import { fill } from './fill.ts';

/**
 * Calls `fn` with an operand as a tensor: a number is one of this shape, with that value everywhere, and is freed where no gradient
 * needs it.
 *
 * @throws TypeError when it is neither a tensor nor a number
 */
export function withOperand(
  place: string,
  operand: Tensor | number,
  shape: Shape,
  fn: (tensor: Tensor) => Tensor,
): Tensor {
  if (operand instanceof Tensor) return fn(operand);
  if (typeof operand !== 'number') {
    throw new TypeError(
      `${place}: an operand is ${shown(operand)} but must be a tensor or a number`,
    );
  }
  const filled = fill(shape, operand);
  const result = fn(filled);
  if (!result.creator) filled.dispose();
  return result;
}
