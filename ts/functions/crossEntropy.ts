import { apply } from '../core/apply.ts';
import { softmaxCrossEntropy } from '../ops/softmaxCrossEntropy.ts';
import type { Tensor } from '../core/tensor.ts';

/** Options of {@link crossEntropy}. */
export interface CrossEntropyOptions {
  /** Share of the target that is spread evenly over all classes, from 0 to 1; 0 by default. */
  readonly labelSmoothing?: number;
}

/**
 * Mean cross-entropy between softmax of logits `[N, K]` and labels `[N]` (i32, 0 ≤ label < K), as a scalar. A label out of
 * range makes it NaN.
 *
 * @throws ShapeError when the numbers of rows differ, TypeError when labels are not i32.
 * @example
 * import { crossEntropy, tensor } from 'residua';
 *
 * const logits = tensor([0, 0], [1, 2]);
 * console.log(crossEntropy(logits, tensor([1], [1], 'i32')).data()); // ln 2
 */
export function crossEntropy(
  logits: Tensor,
  labels: Tensor,
  { labelSmoothing = 0 }: CrossEntropyOptions = {},
): Tensor {
  return apply(softmaxCrossEntropy, { logits, labels }, { labelSmoothing }).loss;
}
