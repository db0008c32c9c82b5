import { expectNumber } from '../base/settings.ts';
import { apply } from '../core/apply.ts';
import type { Tensor } from '../core/tensor.ts';
import { elu as formula } from '../ops/map/formulas.ts';
import { map } from '../ops/map/map.ts';

/**
 * x where it is positive, else `alpha · (e^x - 1)`, element by element, of x's shape; alpha is 1 by default. Source: Clevert et al. 2016.
 *
 * @throws RangeError when alpha is no finite number; TypeError when x is not f32.
 * @example
 * import { elu, tensor } from 'residua';
 *
 * console.log(elu(tensor([-1, 3])).data()); // -0.63, 3
 */
export function elu(x: Tensor, alpha = 1): Tensor {
  expectNumber('elu', 'alpha', alpha);
  return apply(map, { parts: [x] }, formula(alpha)).y;
}
