import { apply } from '../core/apply.ts';
import { matmul as op } from '../ops/matmul/matmul.ts';
import type { Tensor } from '../core/tensor.ts';

/**
 * Products of matrices: a `[…, M, K]`, b `[…, K, N]` → `[…, M, N]`. Leading axes are aligned at their ends; an operand without one,
 * or with 1, is repeated along it.
 *
 * @throws ShapeError when an input is no matrix, or the sizes do not fit.
 * @example
 * import { matmul, tensor } from 'residua';
 *
 * const rotation = tensor([0, -1, 1, 0], [2, 2]);
 * console.log(matmul(rotation, tensor([3, 4], [2, 1])).data()); // -4, 3
 */
export function matmul(a: Tensor, b: Tensor): Tensor {
  return apply(op, { a, b }, {}).y;
}
