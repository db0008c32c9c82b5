import type { Evaluation } from '../train/metrics.ts';

/** Norms of the gradient of the mean loss of one batch. */
export interface GradientNorms {
  /** By what the stem and each block give, from the input to the output. */
  readonly blocks: readonly number[];
  /** By each weight with two axes or more, in the order of the network. */
  readonly weights: readonly number[];
}

/** An epoch of training: means over its steps. */
export interface EpochOfRun {
  readonly loss: number;
  /** Share of the images that were classified wrong, 0…1. */
  readonly error: number;
}

/** What one network gave on one seed. */
export interface VariantRun {
  readonly variant: string;
  readonly seed: number;
  readonly steps: number;
  readonly epochs: readonly EpochOfRun[];
  readonly seconds: number;
  /** Why training ended early: a loss that is not finite. */
  readonly diverged?: string;
  readonly gradients?: { readonly before: GradientNorms; readonly after?: GradientNorms };
  readonly test?: Evaluation;
  /** Tested with something taken out. */
  readonly dropped?: Evaluation;
  /** What gates have learned, by the path of their block. */
  readonly gates?: Readonly<
    Record<string, { readonly skip?: number; readonly transform?: number }>
  >;
}

/** Whether the effect showed on a seed, in words and numbers. */
export interface Finding {
  readonly seed: number;
  readonly shown: boolean;
  readonly says: string;
  readonly numbers: Readonly<Record<string, number>>;
}
