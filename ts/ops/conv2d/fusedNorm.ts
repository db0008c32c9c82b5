import type { Pointer } from '../../kernels/step.ts';
import type { Norm } from '../batchNorm/norm.ts';
import type { View } from '../op.ts';
import type { Of } from '../places.ts';

/** The arguments that a kernel takes for the statistics and parameters of a batch norm, if there is one. */
export function pointersOf(norm: Of<Norm, View> | undefined): Record<keyof Norm, Pointer | null> {
  return {
    mean: norm?.mean.pointer ?? null,
    rstd: norm?.rstd.pointer ?? null,
    gamma: norm?.gamma.pointer ?? null,
    beta: norm?.beta.pointer ?? null,
  };
}
