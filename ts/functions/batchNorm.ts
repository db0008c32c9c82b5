import { apply } from '../core/apply.ts';
import { batchNormInference } from '../ops/batchNorm/batchNormInference.ts';
import { batchNormTrain } from '../ops/batchNorm/batchNormTrain.ts';
import type { Tensor } from '../core/tensor.ts';

/** Parameters and statistics of {@link batchNorm}, each `[C]`, and how they are used. */
export interface BatchNormOptions {
  /** γ. */
  readonly weight: Tensor;
  /** β. */
  readonly bias: Tensor;
  /** Moved in place in training. */
  readonly runningMean: Tensor;
  /** Moved in place in training. */
  readonly runningVar: Tensor;
  /** Statistics of the batch (true) or the running ones (false, the default). */
  readonly training?: boolean;
  /** Added to the variance; 1e-5 by default. */
  readonly eps?: number;
  /** Weight of the new value in the running statistics; 0.1 by default. */
  readonly momentum?: number;
  /** Clips the result at 0 in the same pass; false by default. */
  readonly relu?: boolean;
}

/**
 * `γ·(x - μ)/√(σ² + eps) + β` for each channel of x `[…, C]` (Ioffe and Szegedy 2015). In training the running variance
 * takes the unbiased variance of the batch, as in PyTorch.
 *
 * @throws ShapeError when the channels differ, or a channel has a single value in training.
 */
export function batchNorm(x: Tensor, options: BatchNormOptions): Tensor {
  const { weight, bias, runningMean, runningVar } = options;
  const { training = false, eps = 1e-5, momentum = 0.1, relu = false } = options;
  const inputs = { x, gamma: weight, beta: bias, runningMean, runningVar };
  return training
    ? apply(batchNormTrain, inputs, { eps, momentum, relu }).y
    : apply(batchNormInference, inputs, { eps, relu }).y;
}
