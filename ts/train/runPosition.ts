import type { ImageDataset } from '../data/dataset.ts';
import { expectWhole } from '../base/settings.ts';
import type { FitOptions } from './fitOptions.ts';

/** Where a run began: what was done before it. */
export interface RunStart {
  readonly step: number;
  /** Epochs begun before it; order and augmentation of its images go on from there. */
  readonly epoch: number;
}

/** What a run goes over, which cannot change on the way. */
interface RunFacts {
  readonly images: number;
  readonly name: string;
  readonly batchSize: number;
  readonly accumulate: number;
  readonly dropLast: boolean;
}

/** A run of whole epochs over one data set, which may be stopped and taken up again. */
export interface Run extends RunFacts {
  readonly begun: RunStart;
  /** Epochs that it has in all, and steps of each. */
  readonly epochs: number;
  readonly epochSteps: number;
}

/**
 * The run that `fit` is asked for: a new one of so many epochs, or the one that has begun, `until` so many are done.
 *
 * @param step steps done
 * @param begun where the run that may be gone on with began
 * @param last that run, if it was of this trainer
 * @throws {RangeError} unless one of the two is a whole number of at least 1, or when `until` goes on over other images or
 *   in other batches
 */
export function runOf(
  options: FitOptions,
  data: ImageDataset,
  batches: number,
  step: number,
  begun: RunStart,
  last: Run | undefined,
): Run {
  const { epochs, until, batchSize, accumulate = 1, dropLast = false } = options;
  if ((epochs === undefined) === (until === undefined)) {
    const given = epochs === undefined ? 'neither is given' : 'both are given';
    throw new RangeError(`fit: takes epochs (so many more) or until (so many in all) but ${given}`);
  }
  const epochSteps = Math.ceil(batches / accumulate);
  const facts = { name: data.name, images: data.count, batchSize, accumulate, dropLast };
  if (until !== undefined) {
    expectWhole('fit', 'until', until);
    if (last && step > begun.step && describe(last) !== describe(facts)) {
      throw new RangeError(
        `fit: until goes on with the run over ${describe(last)} but is given ${describe(facts)}: take epochs to begin ` +
          'another run',
      );
    }
    return { ...facts, begun, epochs: until, epochSteps };
  }
  expectWhole('fit', 'epochs', epochs);
  const done = Math.ceil((step - begun.step) / (last?.epochSteps ?? epochSteps));
  return { ...facts, begun: { step, epoch: begun.epoch + done }, epochs: epochs!, epochSteps };
}

const describe = ({ name, images, batchSize, accumulate, dropLast }: RunFacts): string =>
  [
    `${images} images of ${name} in batches of ${batchSize}`,
    ...(accumulate > 1 ? [`${accumulate} a step`] : []),
    ...(dropLast ? ['whole ones alone'] : []),
  ].join(', ');
