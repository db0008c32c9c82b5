import { apply } from '../core/apply.ts';
import type { Tensor } from '../core/tensor.ts';
import { log as formula } from '../ops/map/formulas.ts';
import { map } from '../ops/map/map.ts';

/**
 * The natural logarithm element by element, of x's shape; NaN below 0.
 *
 * @throws TypeError when x is not f32.
 * @example
 * import { log, tensor } from 'residua';
 *
 * console.log(log(tensor([1, 10])).data()); // 0, 2.3
 */
export function log(x: Tensor): Tensor {
  return apply(map, { parts: [x] }, formula).y;
}
