import type { Normalisation } from '../base/normalisation.ts';
import { RandomStream } from '../base/random.ts';
import { type AugmentOptions, augmentSample } from './augment.ts';
import { checkDataset, type ImageDataset } from './dataset.ts';
import { normalisationTable, normalisePixels } from './normalise.ts';

/** How a {@link DataLoader} makes batches. */
export interface DataLoaderOptions {
  /** Samples a batch. */
  readonly batchSize: number;
  /** Another order every epoch, by the seed. Default false. */
  readonly shuffle?: boolean;
  /** Seed of order and augmentation. Default 0. */
  readonly seed?: number;
  /** Epoch that plain iteration gives. Default 0. */
  readonly epoch?: number;
  /** Batch of the epoch that plain iteration begins with, to resume. Default 0. */
  readonly startBatch?: number;
  /** Leave out a last batch smaller than the others. Default false. */
  readonly dropLast?: boolean;
  /** Random crops and mirroring. Default none. */
  readonly augment?: AugmentOptions;
  /** Write every batch into the same arrays: a batch is then valid until the next is asked for. Default false. */
  readonly reuseBuffers?: boolean;
}

/** Samples as a network takes them. */
export interface Batch {
  /** `(pixel / 255 − mean) / std`, `[B, H, W, C]`. */
  readonly images: Float32Array;
  /** Classes, `[B]`. */
  readonly labels: Int32Array;
  /** `[B, H, W, C]`. */
  readonly shape: readonly [batch: number, height: number, width: number, channels: number];
  /** Which samples of the data set these are, `[B]`. */
  readonly indices: Uint32Array;
  /** Number of this batch within its epoch, from 0. */
  readonly index: number;
  /** Whether it is the last one of its epoch. */
  readonly last: boolean;
  /** What its images were normalised with, where it is known. */
  readonly normalisation?: Normalisation;
}

type Arrays = Pick<Batch, 'images' | 'labels' | 'indices'>;

/**
 * Batches of a data set, in order or shuffled, normalised, with random crops and flips.
 *
 * Order and augmentation are functions of (seed, epoch, sample), so that an epoch resumed at batch k has the bits of an
 * uninterrupted one.
 *
 * @throws {RangeError} for an option out of range
 * @example
 * import { DataLoader, imageDataset } from 'residua';
 *
 * const dataset = imageDataset({
 *   name: 'stripes',
 *   images: Uint8Array.from({ length: 8 * 64 }, (_, i) => (i % 2 === Math.floor(i / 256) ? 255 : 0)),
 *   labels: Uint8Array.of(0, 0, 0, 0, 1, 1, 1, 1),
 *   height: 8,
 *   width: 8,
 *   channels: 1,
 *   classes: ['left', 'right'],
 * });
 * const loader = new DataLoader(dataset, { batchSize: 4, shuffle: true, seed: 1 });
 * for await (const { images, labels, shape } of loader.epoch(0)) console.log(shape, labels[0]);
 */
export class DataLoader implements AsyncIterable<Batch> {
  readonly dataset: ImageDataset;
  readonly options: DataLoaderOptions;
  /** Batches in an epoch. */
  readonly batches: number;
  readonly #table: Float32Array;
  #reused: Arrays | undefined;

  constructor(dataset: ImageDataset, options: DataLoaderOptions) {
    checkInteger('batchSize', options.batchSize, 1);
    checkInteger('seed', options.seed ?? 0, 0);
    checkInteger('augment.crop', options.augment?.crop ?? 0, 0);
    this.dataset = checkDataset(dataset);
    this.options = { ...options };
    const whole = dataset.count / options.batchSize;
    this.batches = options.dropLast ? Math.floor(whole) : Math.ceil(whole);
    if (this.batches === 0) {
      throw new RangeError(
        `loader: ${dataset.name}: ${dataset.count} samples but dropLast wants batches of ` +
          `${options.batchSize}`,
      );
    }
    this.#table = normalisationTable(this.dataset);
  }

  /** The epoch that the options name, from their `startBatch` on. */
  [Symbol.asyncIterator](): AsyncGenerator<Batch, void> {
    return this.epoch(this.options.epoch, this.options.startBatch);
  }

  /**
   * Batches `startBatch` and later of an epoch.
   *
   * @throws {RangeError} on the first step, when the epoch has not so many batches
   */
  async *epoch(epoch = 0, startBatch = 0): AsyncGenerator<Batch, void> {
    checkInteger('epoch', epoch, 0);
    checkInteger('startBatch', startBatch, 0);
    if (startBatch > this.batches) {
      throw new RangeError(
        `loader: ${this.dataset.name}: startBatch is ${startBatch} but an epoch has ${this.batches} batches`,
      );
    }
    const { shuffle, seed = 0 } = this.options;
    const order = shuffle
      ? new RandomStream(seed, 'shuffle', epoch).permutation(this.dataset.count)
      : undefined;
    const random = new RandomStream(seed, 'augment', epoch);
    for (let index = startBatch; index < this.batches; index++) {
      yield this.#batch(index, order, random);
    }
  }

  #batch(index: number, order: Uint32Array | undefined, random: RandomStream): Batch {
    const { dataset } = this;
    const { height, width, channels } = dataset;
    const { batchSize, augment } = this.options;
    const start = index * batchSize;
    const size = Math.min(batchSize, dataset.count - start);
    const pixels = height * width;
    const { images, labels, indices } = this.#arrays(size);
    for (let slot = 0; slot < size; slot++) {
      const sample = order ? order[start + slot]! : start + slot;
      const to = slot * pixels * channels;
      indices[slot] = sample;
      labels[slot] = dataset.labels[sample]!;
      if (augment) {
        augmentSample(dataset, this.#table, sample, augment, random, images, to);
      } else {
        const from = sample * pixels * channels;
        normalisePixels(this.#table, dataset.images, from, images, to, pixels);
      }
    }
    const shape = [size, height, width, channels] as const;
    const { mean, std } = dataset;
    const last = index === this.batches - 1;
    return { images, labels, shape, indices, index, last, normalisation: { mean, std } };
  }

  #arrays(size: number): Arrays {
    if (this.#reused?.labels.length === size) return this.#reused;
    const { height, width, channels } = this.dataset;
    const made = {
      images: new Float32Array(size * height * width * channels),
      labels: new Int32Array(size),
      indices: new Uint32Array(size),
    };
    if (this.options.reuseBuffers && size === this.options.batchSize) this.#reused = made;
    return made;
  }
}

function checkInteger(what: string, value: number, least: number): void {
  if (!Number.isSafeInteger(value) || value < least) {
    throw new RangeError(`loader: ${what} is ${value} but must be an integer of at least ${least}`);
  }
}
