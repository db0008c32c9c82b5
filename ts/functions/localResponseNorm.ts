import { expectOptions, type OptionNames } from '../base/settings.ts';
import { apply } from '../core/apply.ts';
import { localResponseNorm as op } from '../ops/localResponseNorm.ts';
import type { Tensor } from '../core/tensor.ts';

/** Settings of {@link localResponseNorm}; the defaults are PyTorch's. */
export interface LocalResponseNormOptions {
  /** Neighbouring channels that are summed, n: those from `c - ⌊n/2⌋` on. */
  readonly size: number;
  /** What the mean of squares is multiplied by; 1e-4 by default. */
  readonly alpha?: number;
  /** The power of the divisor; 0.75 by default. */
  readonly beta?: number;
  /** What is added to the mean of squares; 1 by default. */
  readonly k?: number;
}

/** All options of {@link localResponseNorm}. */
export const LOCAL_RESPONSE_NORM_OPTIONS: OptionNames<LocalResponseNormOptions> = {
  size: 1,
  alpha: 1,
  beta: 1,
  k: 1,
};

/**
 * Divides by the neighbouring channels: `y = x / (k + α/n·Σ x²)^β`, the sum over n channels, those outside counting as 0; x and y
 * `[…, C]` (Krizhevsky et al. 2012, with PyTorch's division by n).
 *
 * @throws RangeError for a size that is no whole number ≥ 1, or a setting that is no number; TypeError when x is not f32.
 */
export function localResponseNorm(x: Tensor, options: LocalResponseNormOptions): Tensor {
  expectOptions('localResponseNorm', options, LOCAL_RESPONSE_NORM_OPTIONS);
  const { size, alpha = 1e-4, beta = 0.75, k = 1 } = options;
  return apply(op, { x }, { size, alpha, beta, k }).y;
}
