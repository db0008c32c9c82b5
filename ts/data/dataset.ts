import { FormatError } from '../base/errors.ts';
import type { Preparation } from './catalog.ts';
import type { Normalisation } from '../base/normalisation.ts';
import { shown } from '../base/settings.ts';
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
  /**
   * Which of the two were measured on these images, as nobody said them: a network that was trained on others reads
   * these as it read those. None by default.
   */
  readonly measured?: readonly (keyof Normalisation)[];
  /** How its pictures were made, for `fitImage`. */
  readonly preparation?: Preparation | undefined;
}

/**
 * What {@link imageDataset} is made of; mean and std are measured on the images when absent, and then make way for those
 * of a network that has been trained.
 */
export interface ImageDatasetFields
  extends
    Omit<ImageDataset, 'images' | 'labels' | 'count' | 'measured' | 'mean' | 'std'>,
    Partial<Pick<ImageDataset, 'mean' | 'std'>> {
  /** Pixels from 0 to 255, `[count, height, width, channels]`; bytes are not copied. */
  readonly images: Uint8Array | Uint8ClampedArray | readonly number[];
  /** Class of each picture, an index into `classes`; bytes and 32-bit integers are not copied. */
  readonly labels: ArrayLike<number> | ArrayLike<bigint>;
}

/**
 * A data set from arrays of one's own, checked.
 *
 * @throws {FormatError} when sizes do not match or a label is not the index of a class
 * @example
 * import { imageDataset } from 'residua';
 *
 * const dots = imageDataset({
 *   name: 'dots',
 *   images: Uint8Array.of(0, 255),
 *   labels: Uint8Array.of(0, 1),
 *   height: 1,
 *   width: 1,
 *   channels: 1,
 *   classes: ['dark', 'light'],
 * });
 * console.log(dots.count, dots.classes);
 */
export function imageDataset(fields: ImageDatasetFields): ImageDataset {
  const { name, height, width, channels, classes } = fields;
  for (const [what, value] of Object.entries({ height, width, channels })) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new FormatError(`${name}: ${what}: is ${value} but must be a positive integer`);
    }
  }
  const count = fields.labels.length;
  if (count === 0) throw new FormatError(`${name}: labels: 0 labels but at least 1 is needed`);
  const images = bytesOf(name, fields.images);
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
  checkLabels(fields.labels, classes.length, name);
  const labels = integersOf(fields.labels);
  const measured = (['mean', 'std'] as const).filter((what) => fields[what] === undefined);
  const found = measured.length > 0 ? channelStatistics(images, channels) : undefined;
  const mean = fields.mean ?? found!.mean;
  const std = fields.std ?? found!.std;
  checkStatistics(name, mean, std, channels);
  const made = {
    name,
    images,
    labels,
    count,
    height,
    width,
    channels,
    classes,
    mean,
    std,
    measured,
    ...(fields.preparation && { preparation: fields.preparation }),
  };
  checked.add(made);
  return made;
}

const checked = new WeakSet<ImageDataset>();

/**
 * A data set that was put together by hand, checked as {@link imageDataset} does, with bytes and integers for plain arrays.
 *
 * @throws {FormatError} as that
 */
export function checkDataset(data: ImageDataset): ImageDataset {
  if (checked.has(data)) return data;
  const { name, count, measured = [] } = data;
  if (data.labels.length !== count) {
    throw new FormatError(`${name}: labels: ${data.labels.length} labels but count is ${count}`);
  }
  const made = { ...imageDataset(data), measured };
  checked.add(made);
  return made;
}

/** Pixels as bytes. */
function bytesOf(name: string, images: ImageDatasetFields['images']): Uint8Array {
  if (images instanceof Uint8Array) return images;
  if (images instanceof Uint8ClampedArray)
    return new Uint8Array(images.buffer, images.byteOffset, images.length);
  const rule = 'pixels must be whole numbers from 0 to 255, as bytes';
  const kind = Object.prototype.toString.call(images).slice('[object '.length, -1);
  if (/^(Float|BigInt|BigUint)/.test(kind) || !('length' in images)) {
    throw new FormatError(`${name}: images: are ${kind} but ${rule}`);
  }
  const bad = images.findIndex((value) => value !== (value & 255));
  if (bad < 0) return Uint8Array.from(images);
  throw new FormatError(`${name}: images: value ${bad} is ${shown(images[bad])} but ${rule}`);
}

function integersOf(labels: ImageDatasetFields['labels']): Uint8Array | Int32Array {
  if (labels instanceof Uint8Array || labels instanceof Int32Array) return labels;
  return Int32Array.from(labels as ArrayLike<number | bigint>, Number);
}

/**
 * Checks that every label is the index of a class.
 *
 * @throws {FormatError} naming the first index and value that is not
 */
export function checkLabels(
  labels: ArrayLike<number> | ArrayLike<bigint>,
  classes: number,
  place: string,
): void {
  for (let index = 0; index < labels.length; index++) {
    const label: unknown = labels[index];
    if (typeof label !== 'bigint' && !Number.isInteger(label)) {
      throw new FormatError(
        `${place}: label ${index}: is ${shown(label)} but must be a whole number, the index of a class`,
      );
    }
    if (Number(label) < 0 || Number(label) >= classes) {
      throw new FormatError(
        `${place}: label ${index}: is ${String(label)} but there are ${classes} classes (0 to ${classes - 1})`,
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
  const bad = std.findIndex((value) => !(value > 0 && Number.isFinite(value)));
  if (bad >= 0) {
    throw new FormatError(`${name}: std: channel ${bad} has ${std[bad]} but must be positive`);
  }
  const odd = mean.findIndex((value) => !Number.isFinite(value));
  if (odd >= 0) {
    throw new FormatError(`${name}: mean: channel ${odd} has ${mean[odd]} but must be a number`);
  }
}
