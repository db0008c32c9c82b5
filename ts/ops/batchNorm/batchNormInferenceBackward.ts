import { expectPerChannel, expectShape, expectType } from '../expect.ts';
import type { BatchNormGradients } from './batchNormBackward.ts';
import { lowerBackward } from './lowerBackward.ts';
import { lowerFrozen } from './lowerForward.ts';
import type { Op } from '../op.ts';
import type { One } from '../places.ts';

/** Places of the inputs of {@link batchNormInferenceBackward}. */
export interface BatchNormInferenceBackwardInputs {
  dy: One;
  x: One;
  gamma: One;
  runningMean: One;
  runningVar: One;
  /** dy counts where y is positive. */
  y?: One;
}

/** Settings of {@link batchNormInferenceBackward}. */
export interface BatchNormInferenceBackwardAttrs {
  /** Added to the variance. */
  readonly eps: number;
}

/**
 * Gradients of batch norm by running statistics, which are constants, with `d = dy` or 0 where y is not positive:
 * `dx = gamma·d/√(runningVar + eps)`, `dgamma = Σ d·(x - runningMean)/√(runningVar + eps)`, `dbeta = Σ d`.
 * dy, x, y and dx are `[…, C]`, the others `[C]`.
 */
export const batchNormInferenceBackward: Op<
  BatchNormInferenceBackwardInputs,
  BatchNormGradients,
  BatchNormInferenceBackwardAttrs
> = {
  name: 'batchNormInferenceBackward',
  inPlace: [['dy', 'dx']],
  infer({ dy, x, gamma, runningMean, runningVar, y }) {
    const op = 'batchNormInferenceBackward';
    expectShape(op, 'dy', dy, x.shape, 'the input has');
    expectType(op, 'input', x, 'f32');
    expectPerChannel(op, 'gamma', gamma, x);
    expectPerChannel(op, 'running mean', runningMean, x);
    expectPerChannel(op, 'running variance', runningVar, x);
    if (y) expectShape(op, 'y', y, x.shape, 'the input has');
    return {
      dx: { shape: x.shape, dtype: 'f32' },
      dgamma: { shape: gamma.shape, dtype: 'f32' },
      dbeta: { shape: gamma.shape, dtype: 'f32' },
    };
  },
  lower(to, { dy, x, gamma, runningMean, runningVar, y }, { dx, dgamma, dbeta }, { eps }) {
    const { rstd } = lowerFrozen(to, gamma, runningVar, eps);
    lowerBackward(to, { dy, x, mean: runningMean, rstd, gamma, y, dx, dgamma, dbeta }, true);
  },
};
