import { apply } from '../core/apply.ts';
import type { Tensor } from '../core/tensor.ts';
import { exp as formula } from '../ops/map/formulas.ts';
import { map } from '../ops/map/map.ts';

/**
 * `e^x` element by element, of x's shape; off by at most 2⁻²² of its size.
 *
 * @throws TypeError when x is not f32.
 * @example
 * import { exp, tensor } from 'residua';
 *
 * console.log(exp(tensor([0, 1])).data()); // 1, 2.72
 */
export function exp(x: Tensor): Tensor {
  return apply(map, { parts: [x] }, formula).y;
}
