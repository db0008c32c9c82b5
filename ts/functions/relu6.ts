import { apply } from '../core/apply.ts';
import type { Tensor } from '../core/tensor.ts';
import { relu6 as formula } from '../ops/map/formulas.ts';
import { map } from '../ops/map/map.ts';

/**
 * `min(max(x, 0), 6)` element by element, of x's shape; the slope at 0 and at 6 is 0. Source: Krizhevsky 2010.
 *
 * @throws TypeError when x is not f32.
 * @example
 * import { relu6, tensor } from 'residua';
 *
 * console.log(relu6(tensor([-1, 2, 9])).data()); // 0, 2, 6
 */
export function relu6(x: Tensor): Tensor {
  return apply(map, { parts: [x] }, formula).y;
}
