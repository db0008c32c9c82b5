import { apply } from '../core/apply.ts';
import { countCorrect as op } from '../ops/countCorrect.ts';
import type { Tensor } from '../core/tensor.ts';

/**
 * How many rows of logits `[N, K]` have their first maximum at the label `[N]` (i32), as a scalar i32.
 *
 * @throws ShapeError when the numbers of rows differ, TypeError when labels are not i32.
 */
export function countCorrect(logits: Tensor, labels: Tensor): Tensor {
  return apply(op, { logits, labels }, {}).correct;
}
