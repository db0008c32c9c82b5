import { apply } from '../core/apply.ts';
import type { Tensor } from '../core/tensor.ts';
import { sqrt as formula } from '../ops/map/formulas.ts';
import { map } from '../ops/map/map.ts';

/**
 * The square root element by element, of x's shape; NaN below 0.
 *
 * @throws TypeError when x is not f32.
 * @example
 * import { sqrt, tensor } from 'residua';
 *
 * console.log(sqrt(tensor([4, 2])).data()); // 2, 1.41
 */
export function sqrt(x: Tensor): Tensor {
  return apply(map, { parts: [x] }, formula).y;
}
