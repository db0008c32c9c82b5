import { toGrey, toRgb, type Image } from '../io/image.ts';
import { resize } from '../io/resize.ts';
import { DATASETS, type DatasetFacts, type Preparation } from './catalog.ts';
import { findInk } from './findInk.ts';
import { groundFor } from './groundFor.ts';
import { isPrepared, prepareInk } from './prepareInk.ts';

/** A picture as a network wants it, and what was done to it. */
export interface FittedImage {
  /** `[height, width, channels]` of the data set. */
  readonly pixels: Uint8Array;
  /** In words, for the person who gave the picture. */
  readonly changes: readonly string[];
  /** True when the picture shows nothing: all of it is ground, so that no class can be told. */
  readonly blank: boolean;
}

/**
 * Makes a picture like those of a data set: grey or RGB, of its size. Where it is known how the data set was prepared, the
 * same is done: the ink is found, cropped, scaled and put into the middle, light on dark. Else the sides keep their
 * proportion and the rest is filled like the border, and grey pictures are made light on dark where the data set's are.
 * What is transparent is laid over white, or over black where it would not show on white.
 *
 * @example
 * import { DATASETS, fitImage } from 'residua';
 *
 * const data = new Uint8Array(60 * 40).fill(255); // a white sheet …
 * for (let y = 10; y < 50; y++) data[y * 40 + 20] = 0; // … with a stroke
 * const { pixels, blank } = fitImage({ height: 60, width: 40, channels: 1, data }, DATASETS.mnist);
 * console.log(pixels.length, blank); // 784, false
 */
export function fitImage(image: Image, facts: DatasetFacts): FittedImage {
  const changes: string[] = [];
  const ground = groundFor(image);
  if (ground === 0) changes.push('laid over black, as it is light on transparent ground');
  const wanted = facts.channels === 1 ? toGrey(image, ground) : toRgb(image, ground);
  if (wanted.channels !== image.channels)
    changes.push(facts.channels === 1 ? 'made grey' : 'made RGB');
  const preparation = preparationOf(facts);
  const prepared = preparation && fitInk(wanted, facts, preparation, changes);
  return prepared ?? fitWhole(wanted, facts, changes);
}

/** A data set's own preparation, or what is known of its name: older checkpoints do not say. */
function preparationOf({ name, channels, preparation }: DatasetFacts): Preparation | undefined {
  if (channels !== 1) return undefined;
  const known: Readonly<Record<string, DatasetFacts>> = DATASETS;
  return preparation ?? (Object.hasOwn(known, name) ? known[name]!.preparation : undefined);
}

/** Nothing when the picture has no ground that ink could be told from. */
function fitInk(
  grey: Image,
  facts: DatasetFacts,
  preparation: Preparation,
  changes: string[],
): FittedImage | undefined {
  const sameSize = grey.width === facts.width && grey.height === facts.height;
  const fillsPicture = preparation.inkSize >= Math.min(facts.width, facts.height);
  const ink = findInk(grey);
  if (ink === 'none') {
    return { pixels: new Uint8Array(facts.width * facts.height), changes, blank: true };
  }
  // Ink that fills the picture leaves no border to tell its ground by.
  if (sameSize && fillsPicture && borderMean(grey)[0]! <= 127) return undefined;
  if (!ink) return undefined;
  if (sameSize && isPrepared(ink, facts, preparation)) {
    return { pixels: grey.data, changes, blank: false };
  }
  if (!ink.light) changes.push('inverted, as it is dark on light');
  const { width, height } = ink.picture;
  changes.push(
    `its ink, ${width} × ${height} of ${grey.width} × ${grey.height} pixels, scaled to ` +
      `${preparation.inkSize} and put into the middle of ${facts.width} × ${facts.height}`,
  );
  return { pixels: prepareInk(ink, facts, preparation).data, changes, blank: false };
}

function fitWhole(image: Image, facts: DatasetFacts, changes: string[]): FittedImage {
  let fitted = image;
  const background = borderMean(fitted);
  const blank = isUniform(fitted);
  if (fitted.width !== facts.width || fitted.height !== facts.height) {
    changes.push(
      `resized from ${image.width} × ${image.height} to ${facts.width} × ${facts.height}`,
    );
    fitted = place(shrink(fitted, facts), facts, background);
  }
  const isDarkOnLight = facts.channels === 1 && facts.mean[0]! < 0.5 && background[0]! > 127;
  if (!isDarkOnLight) return { pixels: fitted.data, changes, blank };
  changes.push('inverted, as it is dark on light');
  return { pixels: fitted.data.map((value) => 255 - value), changes, blank };
}

/** Whether all pixels are alike. */
function isUniform({ channels, data }: Image): boolean {
  return data.every((value, at) => value === data[at % channels]);
}

/** Mean of the pixels at the border, by channel. */
function borderMean({ width, height, channels, data }: Image): number[] {
  const sums = new Array<number>(channels).fill(0);
  let count = 0;
  for (let y = 0; y < height; y++) {
    const step = y === 0 || y === height - 1 ? 1 : Math.max(1, width - 1);
    for (let x = 0; x < width; x += step, count++) {
      for (let c = 0; c < channels; c++) sums[c]! += data[(y * width + x) * channels + c]!;
    }
  }
  return sums.map((sum) => Math.round(sum / count));
}

/** The largest size of these proportions that fits. */
function shrink(image: Image, { width, height }: DatasetFacts): Image {
  const scale = Math.min(width / image.width, height / image.height);
  const scaled = (size: number): number => Math.max(1, Math.round(size * scale));
  return resize(image, scaled(image.height), scaled(image.width));
}

/** Puts a picture into the middle of one of the data set's size. */
function place(
  image: Image,
  { width, height, channels }: DatasetFacts,
  background: readonly number[],
): Image {
  if (image.width === width && image.height === height) return image;
  const data = Uint8Array.from(
    { length: width * height * channels },
    (_, i) => background[i % channels]!,
  );
  const left = (width - image.width) >> 1;
  const top = (height - image.height) >> 1;
  const rowBytes = image.width * channels;
  for (let y = 0; y < image.height; y++) {
    const row = image.data.subarray(y * rowBytes, (y + 1) * rowBytes);
    data.set(row, ((top + y) * width + left) * channels);
  }
  return { width, height, channels: image.channels, data };
}
