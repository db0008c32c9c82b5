import type { AugmentOptions } from '../../data/augment.ts';
import type { DatasetFacts } from '../../data/catalog.ts';
import type { Numerics } from '../../kernels/engine.ts';
import {
  constantSchedule,
  cosineSchedule,
  oneCycleSchedule,
  stepSchedule,
  type Schedule,
} from '../../optim/schedule.ts';

/** Names of the learning-rate schedules. */
export const SCHEDULES = ['one-cycle', 'cosine', 'step', 'constant'] as const;

/** All that decides what a training run computes; kept in config.json and in its checkpoints. */
export interface TrainSettings {
  readonly model: string;
  readonly data: string;
  readonly epochs: number;
  readonly batch: number;
  /** Batches a step of the optimizer; 1 where a checkpoint does not say. */
  readonly accumulate?: number;
  /** Whether a smaller last batch is left out; false where a checkpoint does not say. */
  readonly dropLast?: boolean;
  readonly lr: number;
  readonly seed: number;
  readonly optimizer: 'sgd' | 'adamw';
  readonly momentum: number;
  readonly weightDecay: number;
  readonly schedule: (typeof SCHEDULES)[number];
  readonly labelSmoothing: number;
  readonly augment: boolean;
  readonly numerics: Numerics;
  readonly limit?: number;
  readonly testLimit?: number;
}

/** What an optimizer starts from when nothing is asked for. */
export const OPTIMIZER_DEFAULTS = {
  sgd: { lr: 0.1, weightDecay: 5e-4 },
  adamw: { lr: 0.004, weightDecay: 0.05 },
} as const;

/** Share of a run in which the cosine schedule warms up. */
const WARMUP = 0.05;

export function makeSchedule({ schedule, lr }: TrainSettings): Schedule {
  switch (schedule) {
    case 'one-cycle':
      return oneCycleSchedule(lr);
    case 'cosine':
      return cosineSchedule(lr, { warmup: WARMUP });
    case 'step':
      return stepSchedule(lr);
    case 'constant':
      return constantSchedule(lr);
  }
}

/** Crops for all, and mirroring where a mirrored picture is of the same class: digits have a handedness. Pictures of 28² are filled to the border, so they move less. */
export function augmentation({ name, height }: DatasetFacts): AugmentOptions {
  return { crop: height > 28 ? Math.round(height / 8) : 1, flip: name !== 'mnist' };
}
