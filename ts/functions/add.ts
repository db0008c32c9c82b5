import { apply } from '../core/apply.ts';
import { add as op } from '../ops/add.ts';
import type { Tensor } from '../core/tensor.ts';

/** Options of {@link add}. */
export interface AddOptions {
  /** Clip the sum at 0 in the same pass: the join of a residual block. Default false. */
  readonly relu?: boolean;
}

/**
 * `a + b` of two tensors of one shape.
 *
 * @throws ShapeError when the shapes differ.
 * @example
 * import { add, tensor } from 'residua';
 *
 * const x = tensor([-3, 1], [1, 2]);
 * console.log(add(x, tensor([1, 1], [1, 2]), { relu: true }).data()); // 0, 2
 */
export function add(a: Tensor, b: Tensor, { relu = false }: AddOptions = {}): Tensor {
  return apply(op, { a, b }, { relu }).y;
}
