import type { Tensor } from '../core/tensor.ts';
import { subtracting } from '../ops/map/formulas.ts';
import { broadcast } from './broadcast.ts';

/**
 * `a - b` element by element, of tensors or of a tensor and a number. Shapes broadcast: axes are compared from the last on, and those of
 * size 1, or that are not there, repeat.
 *
 * @throws ShapeError when the shapes do not fit; TypeError when an operand is neither a tensor nor a number, or both are numbers.
 * @example
 * import { subtract, tensor } from 'residua';
 *
 * console.log(subtract(tensor([[1, 2], [3, 4]]), tensor([1, 1])).data()); // 0, 1, 2, 3
 */
export function subtract(a: Tensor | number, b: Tensor | number): Tensor {
  return broadcast(subtracting, a, b);
}
