import type { DatasetFacts } from '../data/catalog.ts';
import { toGrey, toRgb, type Image } from '../io/image.ts';
import { resize } from '../io/resize.ts';

/** A picture as a network wants it, and what was done to it. */
export interface FittedImage {
  /** `[height, width, channels]` of the data set. */
  readonly pixels: Uint8Array;
  /** In words, for the person who gave the picture. */
  readonly changes: readonly string[];
}

/**
 * Makes a picture like those of a data set: grey or RGB, of its size (the sides in proportion, the rest filled like the
 * border), and light on dark where the data set's pictures are.
 */
export function fitImage(image: Image, facts: DatasetFacts): FittedImage {
  const changes: string[] = [];
  let fitted = facts.channels === 1 ? toGrey(image) : toRgb(image);
  if (fitted.channels !== image.channels)
    changes.push(facts.channels === 1 ? 'made grey' : 'made RGB');
  const background = borderMean(fitted);
  if (fitted.width !== facts.width || fitted.height !== facts.height) {
    changes.push(
      `resized from ${image.width} × ${image.height} to ${facts.width} × ${facts.height}`,
    );
    fitted = place(shrink(fitted, facts), facts, background);
  }
  const isDarkOnLight = facts.channels === 1 && facts.mean[0]! < 0.5 && background[0]! > 127;
  if (!isDarkOnLight) return { pixels: fitted.data, changes };
  changes.push('inverted, as it is dark on light');
  return { pixels: fitted.data.map((value) => 255 - value), changes };
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
