import { expectOptions, type OptionNames } from '../base/settings.ts';
import { apply } from '../core/apply.ts';
import { dropout as op } from '../ops/dropout.ts';
import type { Tensor } from '../core/tensor.ts';

/** What {@link dropout} draws its mask from. */
export interface DropoutOptions {
  /** Probability of a zero, 0 ≤ p < 1; 0.5 by default. */
  readonly p?: number;
  /** `[seed low, seed high, step low, step high]`, i32. */
  readonly state: Tensor;
  /** Number of the random stream; 0 by default. Two dropouts with one stream have one mask. */
  readonly stream?: number;
}

const OPTIONS: OptionNames<DropoutOptions> = { p: 1, state: 1, stream: 1 };

/**
 * Zeroes elements of x with probability p and multiplies the others by `1/(1 - p)` (Srivastava et al. 2014).
 *
 * @throws RangeError unless 0 ≤ p < 1.
 */
export function dropout(x: Tensor, options: DropoutOptions): Tensor {
  expectOptions('dropout', options, OPTIONS);
  const { p = 0.5, state, stream = 0 } = options;
  return apply(op, { x, state }, { p, stream }).y;
}
