import type { ImageDataset } from '../data/dataset.ts';
import type { DataLoaderOptions } from '../data/loader.ts';
import type { EpochReport, StepReport } from './metrics.ts';

/** What one run of `Trainer.fit` does. */
export interface FitOptions extends Pick<DataLoaderOptions, 'batchSize' | 'seed' | 'augment'> {
  readonly epochs: number;
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
