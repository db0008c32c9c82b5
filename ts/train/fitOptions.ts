import type { ImageDataset } from '../data/dataset.ts';
import type { DataLoaderOptions } from '../data/loader.ts';
import type { EpochReport, StepReport } from './metrics.ts';

/** What one run of `Trainer.fit` does: `epochs` or `until` says how long it takes. */
export interface FitOptions extends Pick<
  DataLoaderOptions,
  'batchSize' | 'seed' | 'augment' | 'dropLast'
> {
  /** Trains so many epochs more, as a run of its own: its schedule begins anew. */
  readonly epochs?: number;
  /**
   * Goes on with the run that has begun, until so many epochs of it are done: that of a checkpoint, or one that was
   * stopped. Needs the images and batches that it began with.
   */
  readonly until?: number;
  /**
   * Batches whose gradients make one step of the optimizer, each weighted by its images: the effect of a batch as many
   * times as large in the memory of one (but for batch norm, whose statistics are those of each batch); 1 by default.
   */
  readonly accumulate?: number;
  /** Evaluated after each epoch. */
  readonly validation?: ImageDataset;
  /** Stops before the next step; `Trainer.fit` then returns normally with what was done. */
  readonly signal?: AbortSignal;
  readonly onStep?: (report: StepReport) => void | Promise<void>;
  readonly onEpoch?: (report: EpochReport) => void | Promise<void>;
}

/** How a fit ended. */
export interface FitReport {
  readonly steps: number;
  /** True when the signal stopped it early. */
  readonly aborted: boolean;
  readonly epochs: readonly EpochReport[];
}
