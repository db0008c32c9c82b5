import { apply } from '../core/apply.ts';
import type { Tensor } from '../core/tensor.ts';
import { abs as formula } from '../ops/map/formulas.ts';
import { map } from '../ops/map/map.ts';

/**
 * `|x|` element by element, of x's shape; the slope at 0 is 0.
 *
 * @throws TypeError when x is not f32.
 * @example
 * import { abs, tensor } from 'residua';
 *
 * console.log(abs(tensor([-2, 3])).data()); // 2, 3
 */
export function abs(x: Tensor): Tensor {
  return apply(map, { parts: [x] }, formula).y;
}
