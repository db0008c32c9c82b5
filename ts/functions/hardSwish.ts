import { apply } from '../core/apply.ts';
import type { Tensor } from '../core/tensor.ts';
import { hardSwish as formula } from '../ops/map/formulas.ts';
import { map } from '../ops/map/map.ts';

/**
 * `x · min(max(x + 3, 0), 6) / 6` element by element, of x's shape. Source: Howard et al. 2019 (MobileNetV3).
 *
 * @throws TypeError when x is not f32.
 * @example
 * import { hardSwish, tensor } from 'residua';
 *
 * console.log(hardSwish(tensor([-4, 1, 5])).data()); // 0, 0.67, 5
 */
export function hardSwish(x: Tensor): Tensor {
  return apply(map, { parts: [x] }, formula).y;
}
