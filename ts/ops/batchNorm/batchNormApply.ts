import { bytesOf, channelsOf } from '../../base/shape.ts';
import { at } from '../args.ts';
import { expectType } from '../expect.ts';
import { lowerApply } from './lowerForward.ts';
import { expectNorm } from './norm.ts';
import type { Norm } from './norm.ts';
import type { Op } from '../op.ts';
import type { One } from '../places.ts';

/** Settings of {@link batchNormApply}. */
export interface BatchNormApplyAttrs {
  /** Clips y at 0 in the same pass. */
  readonly relu: boolean;
}

/** `y = gamma·(x - mean)·rstd + beta` by statistics that are known: x and y `[…, C]`, those of the norm `[C]`. */
export const batchNormApply: Op<{ x: One; norm: Norm }, { y: One }, BatchNormApplyAttrs> = {
  name: 'batchNormApply',
  inPlace: [['x', 'y']],
  infer({ x, norm }) {
    expectType('batchNormApply', 'input', x, 'f32');
    expectNorm('batchNormApply', norm, x);
    return { y: { shape: x.shape, dtype: 'f32' } };
  },
  lower(to, { x, norm: { mean, rstd, gamma, beta } }, { y }, { relu }) {
    const scale = to.workspace(bytesOf(gamma));
    const channels = channelsOf(gamma.shape);
    to.step({
      kernel: 'multiply.forward.f32/simd',
      chunks: 1,
      args: {
        ...at('a', gamma),
        ...at('b', rstd),
        y: scale,
        yStride: channels,
        pixels: 1,
        channels,
      },
    });
    lowerApply(to, x, { mean, scale, beta }, y, relu);
  },
};
