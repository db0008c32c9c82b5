import type { Spec } from '../../base/shape.ts';
import type { FusedNorm } from './forward.ts';
import { expectPerChannel } from '../expect.ts';
import type { View } from '../op.ts';

/** How many tensors an op takes for batch norm beside it. */
export const NORM_INPUTS = 4;

/** Throws ShapeError unless mean, gamma, rstd and beta have a value for each channel of `x`. */
export function expectNorm(op: string, inputs: readonly Spec[], x: Spec): void {
  ['mean', 'gamma', 'rstd', 'beta'].forEach((name, index) =>
    expectPerChannel(op, name, inputs[index]!, x),
  );
}

/** Mean, gamma, rstd and beta, in this order, for kernels. */
export function normOf([mean, gamma, rstd, beta]: readonly View[]): FusedNorm {
  return {
    ...{ mean: mean!.pointer, gamma: gamma!.pointer, rstd: rstd!.pointer, beta: beta!.pointer },
  };
}
