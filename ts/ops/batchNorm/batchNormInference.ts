import { batchNormInferenceBackward } from './batchNormInferenceBackward.ts';
import { lowerApply, lowerFrozen } from './lowerForward.ts';
import { expectNormSettings, expectRunningNorm } from './norm.ts';
import type { BatchNormAttrs, RunningNorm } from './norm.ts';
import type { Op } from '../op.ts';
import type { One } from '../places.ts';

/** Places of the inputs of {@link batchNormInference}. */
export interface BatchNormInferenceInputs extends RunningNorm {
  x: One;
}

/**
 * Batch norm by running statistics, `y = gamma·(x - runningMean)/√(runningVar + eps) + beta`: x and y `[…, C]`, the others
 * `[C]`.
 *
 * Source: Ioffe and Szegedy, 2015.
 */
export const batchNormInference: Op<BatchNormInferenceInputs, { y: One }, BatchNormAttrs> = {
  name: 'batchNormInference',
  inPlace: [['x', 'y']],
  fuses: { relu: true },
  infer({ x, ...norm }, { eps }) {
    expectNormSettings('batchNorm', { eps });
    expectRunningNorm('batchNorm', x, norm);
    return { y: { shape: x.shape, dtype: 'f32' } };
  },
  lower(to, { x, gamma, beta, runningMean, runningVar }, { y }, { eps, relu }) {
    const { scale } = lowerFrozen(to, gamma, runningVar, eps);
    lowerApply(to, x, { mean: runningMean, scale, beta }, y, relu);
  },
  gradient(apply, { inputs, outputs: { y }, dys: { y: dy }, attrs: { eps, relu } }) {
    if (!dy) return {};
    const { x, gamma, runningMean, runningVar } = inputs;
    const { dx, dgamma, dbeta } = apply(
      batchNormInferenceBackward,
      { dy, x, gamma, runningMean, runningVar, y: relu ? y : undefined },
      { eps },
    );
    return { x: dx, gamma: dgamma, beta: dbeta };
  },
};
