import { currentEngine } from '../current.ts';

/** Learning rate of a step, `0 ≤ step < steps`. */
export type Schedule = (step: number, steps: number) => number;

/** The same rate at every step. */
export function constantSchedule(lr: number): Schedule {
  return () => lr;
}

/** `lr·gamma^k` once k of the milestones (shares of the run, 0…1) have passed; He et al. use 0.5, 0.75 and 0.1. */
export function stepSchedule(
  lr: number,
  milestones: readonly number[] = [0.5, 0.75],
  gamma = 0.1,
): Schedule {
  return (step, steps) =>
    milestones.reduce((rate, share) => (step >= share * steps ? rate * gamma : rate), lr);
}

/** Half a cosine from `lr` down to `last` (Loshchilov and Hutter 2017), after a linear warm-up over a share of the run. */
export function cosineSchedule(
  lr: number,
  options: { warmup?: number; last?: number } = {},
): Schedule {
  const { warmup = 0, last = 0 } = options;
  return (step, steps) => {
    const rise = warmup * steps;
    if (step < rise) return (lr * (step + 1)) / rise;
    return between(lr, last, (step - rise) / Math.max(1, steps - rise));
  };
}

/**
 * One cycle (Smith 2018): from `peak/start` up to `peak` over the first `rise` share of the run, then down to
 * `peak/start/end`, both along half a cosine; PyTorch's OneCycleLR with its defaults.
 */
export function oneCycleSchedule(
  peak: number,
  options: { rise?: number; start?: number; end?: number } = {},
): Schedule {
  const { rise = 0.3, start = 25, end = 1e4 } = options;
  const first = peak / start;
  return (step, steps) => {
    const top = rise * steps - 1;
    if (step <= top) return between(first, peak, top > 0 ? step / top : 1);
    return between(peak, first / end, (step - top) / Math.max(1, steps - 1 - top));
  };
}

/** Half a cosine from one value to another as `share` goes from 0 to 1. */
function between(from: number, to: number, share: number): number {
  return to + (from - to) * 0.5 * (1 + currentEngine().math.cos(Math.PI * share));
}
