import { expectNumber } from '../base/settings.ts';
import { apply } from '../core/apply.ts';
import type { Tensor } from '../core/tensor.ts';
import { leakyRelu as formula } from '../ops/map/formulas.ts';
import { map } from '../ops/map/map.ts';

/**
 * x where it is positive, else `slope · x`, element by element, of x's shape; slope is 0.01 by default. Source: Maas et al. 2013.
 *
 * @throws RangeError when slope is no finite number; TypeError when x is not f32.
 * @example
 * import { leakyRelu, tensor } from 'residua';
 *
 * console.log(leakyRelu(tensor([-2, 3]), 0.5).data()); // -1, 3
 */
export function leakyRelu(x: Tensor, slope = 0.01): Tensor {
  expectNumber('leakyRelu', 'slope', slope);
  return apply(map, { parts: [x] }, formula(slope)).y;
}
