import { FormatError } from '../errors.ts';
import type { Preparation } from './catalog.ts';
import { channelStatistics } from './channelStatistics.ts';

/** Labelled pictures in memory. */
export interface ImageDataset {
  readonly name: string;
  /** Pixels as bytes, `[count, height, width, channels]`. */
  readonly images: Uint8Array;
  /** Class of each picture, an index into `classes`. */
  readonly labels: Uint8Array | Int32Array;
  readonly count: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly classes: readonly string[];
  /** Mean of `pixel / 255` by channel, over the training images. */
  readonly mean: readonly number[];
  /** Standard deviation of `pixel / 255` by channel, over the training images. */
  readonly std: readonly number[];
  /** How its pictures were made, for `fitImage`. */
  readonly preparation?: Preparation | undefined;
}

/** What {@link imageDataset} is made of; mean and std are measured on the images when absent. */
export type ImageDatasetFields = Omit<ImageDataset, 'count' | 'mean' | 'std'> &
  Partial<Pick<ImageDataset, 'mean' | 'std'>>;

/**
 * A data set from arrays of one's own, checked.
 *
 * @throws {FormatError} when sizes do not match or a label is not the index of a class
 * @example
 * const dots = imageDataset({
 *   name: 'dots',
 *   images: Uint8Array.of(0, 255),
 *   labels: Uint8Array.of(0, 1),
 *   height: 1,
 *   width: 1,
 *   channels: 1,
 *   classes: ['dark', 'light'],
 * });
 */
export function imageDataset(fields: ImageDatasetFields): ImageDataset {
  const { name, images, labels, height, width, channels, classes } = fields;
  const count = labels.length;
  for (const [what, value] of Object.entries({ height, width, channels })) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new FormatError(`${name}: ${what}: is ${value} but must be a positive integer`);
    }
  }
  if (count === 0) throw new FormatError(`${name}: labels: 0 labels but at least 1 is needed`);
  const unclear = [name, ...classes].findIndex((text) => /\p{Cc}/u.test(text));
  if (unclear >= 0) {
    const what = unclear === 0 ? 'name' : `class ${unclear - 1}`;
    throw new FormatError(`${name}: ${what}: has control characters but must be plain text`);
  }
  const bytes = count * height * width * channels;
  if (images.length !== bytes) {
    throw new FormatError(
      `${name}: images: ${images.length} bytes but ${count} labels and images of ` +
        `${height} × ${width} × ${channels} make ${bytes}`,
    );
  }
  checkLabels(labels, classes.length, name);
  const measured = fields.mean && fields.std ? undefined : channelStatistics(images, channels);
  const mean = fields.mean ?? measured!.mean;
  const std = fields.std ?? measured!.std;
  checkStatistics(name, mean, std, channels);
  const { preparation } = fields;
  return {
    ...{ name, images, labels, count, height, width, channels, classes, mean, std },
    ...(preparation && { preparation }),
  };
}

/**
 * Checks that every label is the index of a class.
 *
 * @throws {FormatError} naming the first index and value that is not
 */
export function checkLabels(labels: ArrayLike<number>, classes: number, place: string): void {
  for (let index = 0; index < labels.length; index++) {
    const label = labels[index]!;
    if (label < 0 || label >= classes) {
      throw new FormatError(
        `${place}: label ${index}: is ${label} but there are ${classes} classes (0 to ${classes - 1})`,
      );
    }
  }
}

function checkStatistics(
  name: string,
  mean: readonly number[],
  std: readonly number[],
  channels: number,
): void {
  for (const [what, values] of Object.entries({ mean, std })) {
    if (values.length !== channels) {
      throw new FormatError(
        `${name}: ${what}: ${values.length} values but images have ${channels} channels`,
      );
    }
  }
  const bad = std.findIndex((value) => !(value > 0));
  if (bad >= 0) {
    throw new FormatError(`${name}: std: channel ${bad} has ${std[bad]} but must be positive`);
  }
}
