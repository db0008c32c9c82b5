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

/**
 * Zeroes elements of x with probability p and multiplies the others by `1/(1 - p)` (Srivastava et al. 2014).
 *
 * @throws RangeError unless 0 ≤ p < 1.
 */
export function dropout(x: Tensor, { p = 0.5, state, stream = 0 }: DropoutOptions): Tensor {
  return apply(op, { x, state }, { p, stream }).y;
}
