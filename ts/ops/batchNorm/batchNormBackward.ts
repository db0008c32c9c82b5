import { expectShape, expectType } from '../expect.ts';
import { lowerBackward } from './lowerBackward.ts';
import { expectNorm } from './norm.ts';
import type { Norm } from './norm.ts';
import type { Op } from '../op.ts';
import type { One } from '../places.ts';

/** Places of the inputs of {@link batchNormBackward}. */
export interface BatchNormBackwardInputs {
  dy: One;
  x: One;
  /** `beta` is there iff a ReLU clipped the result: dy counts where that, computed again from x, is positive. */
  norm: Omit<Norm, 'beta'> & Partial<Norm>;
  /** dy counts where y is positive. */
  y?: One;
  /** Added to dx. */
  residual?: One;
}

/** Places of the gradients of batch norm. */
export interface BatchNormGradients {
  dx: One;
  dgamma: One;
  dbeta: One;
}

/**
 * Gradients of batch norm by the statistics of the batch, from n pixels whose `d = dy` is 0 where a mask says so:
 * `dbeta = Σ d`, `dgamma = Σ d·(x - mean)·rstd`,
 * `dx = gamma·rstd·(d - dbeta/n - (x - mean)·rstd·dgamma/n) + residual`.
 * dy, x, y, residual and dx are `[…, C]`; those of the norm, dgamma and dbeta `[C]`.
 *
 * Source: Ioffe and Szegedy, 2015.
 */
export const batchNormBackward: Op<BatchNormBackwardInputs, BatchNormGradients, object> = {
  name: 'batchNormBackward',
  // The mask and what is added are read element by element where dx is written.
  inPlace: [
    ['dy', 'dx'],
    ['y', 'dx'],
    ['residual', 'dx'],
  ],
  fuses: { residual: true },
  infer({ dy, x, norm, y, residual }) {
    const op = 'batchNormBackward';
    expectShape(op, 'dy', dy, x.shape, 'the input has');
    expectType(op, 'input', x, 'f32');
    expectNorm(op, norm, x);
    if (y) expectShape(op, 'y', y, x.shape, 'the input has');
    if (residual) expectShape(op, 'residual', residual, x.shape, 'the input has');
    const { shape } = norm.gamma;
    return {
      dx: { shape: x.shape, dtype: 'f32' },
      dgamma: { shape, dtype: 'f32' },
      dbeta: { shape, dtype: 'f32' },
    };
  },
  lower(to, { dy, x, norm, y, residual }, { dx, dgamma, dbeta }) {
    const { mean, gamma, beta } = norm;
    const rstd = norm.rstd.pointer;
    const views = { dy, x, mean, rstd, gamma, beta, y, residual, dx, dgamma, dbeta };
    lowerBackward(to, views, false);
  },
};
