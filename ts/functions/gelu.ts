import { expectOneOf, expectOptions, type OptionNames } from '../base/settings.ts';
import { apply } from '../core/apply.ts';
import type { Tensor } from '../core/tensor.ts';
import { gelu as exact, geluTanh } from '../ops/map/formulas.ts';
import { map } from '../ops/map/map.ts';

/** Options of {@link gelu}. */
export interface GeluOptions {
  /** `none`, the default: by the error function; `tanh`: by `√(2/π) · (x + 0.044715 · x³)`. */
  readonly approximate?: 'none' | 'tanh';
}

export const GELU_OPTIONS: OptionNames<GeluOptions> = { approximate: 1 };

/**
 * `x/2 · (1 + erf(x/√2))` element by element, of x's shape. Source: Hendrycks and Gimpel 2016 (arXiv:1606.08415).
 *
 * @throws RangeError when there is no such approximation; TypeError when x is not f32.
 * @example
 * import { gelu, tensor } from 'residua';
 *
 * console.log(gelu(tensor([-1, 2])).data()); // -0.16, 1.95
 */
export function gelu(x: Tensor, options: GeluOptions = {}): Tensor {
  expectOptions('gelu', options, GELU_OPTIONS);
  const { approximate = 'none' } = options;
  expectOneOf('gelu', 'approximate', approximate, ['none', 'tanh']);
  return apply(map, { parts: [x] }, approximate === 'tanh' ? geluTanh : exact).y;
}
