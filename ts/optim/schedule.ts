import { currentEngine } from '../core/init.ts';
import { expectNumber } from '../base/settings.ts';

/** Learning rate of a step, `0 ≤ step < steps`. */
export type Schedule = (step: number, steps: number) => number;

/**
 * Whole steps of a share of a run, 0…1: the nearest number, halves up. A share such as 0.07, which no float is, counts as what
 * it is written as.
 */
function wholeSteps(share: number, steps: number): number {
  return Math.min(steps, Math.floor(share * steps * (1 + 4 * Number.EPSILON) + 0.5));
}

/** The same rate at every step. Throws RangeError for a rate that is no number ≥ 0. */
export function constantSchedule(lr: number): Schedule {
  expectNumber('constantSchedule', 'lr', lr, { least: 0 });
  return () => lr;
}

/**
 * `lr·gamma^k` once k of the milestones (shares of the run, 0…1, to the nearest step) have passed, as PyTorch's MultiStepLR; He
 * et al. use 0.5, 0.75 and 0.1. Throws RangeError for a setting out of its range.
 *
 * @example
 * import { stepSchedule } from 'residua';
 *
 * const schedule = stepSchedule(0.1);
 * console.log(schedule(0, 100), schedule(99, 100));
 */
export function stepSchedule(
  lr: number,
  milestones: readonly number[] = [0.5, 0.75],
  gamma = 0.1,
): Schedule {
  const place = 'stepSchedule';
  expectNumber(place, 'lr', lr, { least: 0 });
  expectNumber(place, 'gamma', gamma, { least: 0 });
  const shares = [...milestones];
  for (const share of shares) expectNumber(place, 'a milestone', share, { least: 0, most: 1 });
  return (step, steps) =>
    shares.reduce((rate, share) => (step >= wholeSteps(share, steps) ? rate * gamma : rate), lr);
}

/**
 * Half a cosine from `lr` down to `last` (Loshchilov and Hutter 2017), PyTorch's CosineAnnealingLR, after a linear warm-up over a
 * share of the run, to the nearest step. Throws RangeError for a setting out of its range.
 *
 * @example
 * import { cosineSchedule } from 'residua';
 *
 * const schedule = cosineSchedule(0.1, { warmup: 0.05 });
 * console.log([0, 5, 50, 99].map((step) => schedule(step, 100)));
 */
export function cosineSchedule(
  lr: number,
  options: { warmup?: number; last?: number } = {},
): Schedule {
  const { warmup = 0, last = 0 } = options;
  const place = 'cosineSchedule';
  expectNumber(place, 'lr', lr, { least: 0 });
  expectNumber(place, 'warmup', warmup, { least: 0, most: 1 });
  expectNumber(place, 'last', last, { least: 0, most: lr });
  return (step, steps) => {
    const rise = wholeSteps(warmup, steps);
    if (step < rise) return lr * ((step + 1) / rise);
    return between(lr, last, (step - rise) / (steps - rise));
  };
}

/**
 * One cycle (Smith 2018): from `peak/start` up to `peak` over the first `rise` share of the run, then down to
 * `peak/start/end`, both along half a cosine; PyTorch's OneCycleLR with its defaults, whose peak lies between two steps where
 * the share ends there. Throws RangeError for a setting out of its range.
 *
 * @example
 * import { oneCycleSchedule } from 'residua';
 *
 * const schedule = oneCycleSchedule(0.1);
 * console.log([0, 30, 99].map((step) => schedule(step, 100)));
 */
export function oneCycleSchedule(
  peak: number,
  options: { rise?: number; start?: number; end?: number } = {},
): Schedule {
  const { rise = 0.3, start = 25, end = 1e4 } = options;
  const place = 'oneCycleSchedule';
  expectNumber(place, 'peak', peak, { least: 0 });
  expectNumber(place, 'rise', rise, { least: 0, most: 1 });
  expectNumber(place, 'start', start, { least: 1 });
  expectNumber(place, 'end', end, { least: 1 });
  const first = peak / start;
  return (step, steps) => {
    const top = rise * steps - 1;
    if (step <= top) return between(first, peak, top > 0 ? step / top : 1);
    return between(peak, first / end, (step - top) / (steps - 1 - top));
  };
}

/** Half a cosine from one value to another as `share` goes from 0 to 1; rounding leads beyond neither. */
function between(from: number, to: number, share: number): number {
  const value = to + (from - to) * 0.5 * (1 + currentEngine().math.cos(Math.PI * share));
  return Math.max(Math.min(from, to), Math.min(Math.max(from, to), value));
}
