import { apply } from '../core/apply.ts';
import type { Tensor } from '../core/tensor.ts';
import { hardSigmoid as formula } from '../ops/map/formulas.ts';
import { map } from '../ops/map/map.ts';

/**
 * `min(max(x / 6 + 1/2, 0), 1)` element by element, of x's shape; the slope is 0 from -3 down and from 3 up. Source: Howard et al. 2019.
 *
 * @throws TypeError when x is not f32.
 * @example
 * import { hardSigmoid, tensor } from 'residua';
 *
 * console.log(hardSigmoid(tensor([-4, 0, 1.5])).data()); // 0, 0.5, 0.75
 */
export function hardSigmoid(x: Tensor): Tensor {
  return apply(map, { parts: [x] }, formula).y;
}
