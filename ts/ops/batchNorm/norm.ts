import { expectNumber } from '../../base/settings.ts';
import type { Spec } from '../../base/shape.ts';
import { expectPerChannel, expectType } from '../expect.ts';
import type { Of, One } from '../places.ts';

/** `gamma·(x - mean)·rstd + beta`, each `[C]`: what normalises x `[…, C]`, in this order everywhere. */
export interface Norm {
  mean: One;
  rstd: One;
  gamma: One;
  beta: One;
}

/** `eps` is added to the variance; `relu` clips y at 0 in the same pass. */
export interface BatchNormAttrs {
  readonly eps: number;
  readonly relu: boolean;
}

/** Throws RangeError unless eps and momentum are in their ranges. */
export function expectNormSettings(
  place: string,
  { eps, momentum = 0 }: { readonly eps: number; readonly momentum?: number },
): void {
  expectNumber(place, 'eps', eps, { least: 0 });
  expectNumber(place, 'momentum', momentum, { least: 0, most: 1 });
}

/** Throws ShapeError unless each tensor of the norm that is there has one f32 for each channel of `x`. */
export function expectNorm(op: string, norm: Of<Partial<Norm>, Spec>, x: Spec): void {
  for (const [name, spec] of Object.entries(norm)) {
    if (spec) expectPerChannel(op, name, spec, x);
  }
}

/** Parameters and running statistics of batch norm, each `[C]`. */
export interface RunningNorm {
  gamma: One;
  beta: One;
  runningMean: One;
  runningVar: One;
}

/** Throws unless `x` is f32 and each parameter and running statistic has one f32 for each of its channels. */
export function expectRunningNorm(op: string, x: Spec, norm: Of<RunningNorm, Spec>): void {
  expectType(op, 'input', x, 'f32');
  expectPerChannel(op, 'gamma', norm.gamma, x);
  expectPerChannel(op, 'beta', norm.beta, x);
  expectPerChannel(op, 'running mean', norm.runningMean, x);
  expectPerChannel(op, 'running variance', norm.runningVar, x);
}
