import { expectOneOf, expectOptions, type OptionNames } from '../base/settings.ts';
import type { Image } from './image.ts';

/** Which old samples make a new one, and by how much. */
interface Taps {
  readonly first: number;
  readonly weights: readonly number[];
}

/** Weights of samples by their distance, which is at most `reach` samples. */
interface Filter {
  readonly reach: number;
  readonly weight: (distance: number) => number;
}

/** Keys, "Cubic Convolution Interpolation for Digital Image Processing", 1981, with a = −1/2. */
const cubic = (x: number): number =>
  x < 1 ? (1.5 * x - 2.5) * x * x + 1 : ((-0.5 * x + 2.5) * x - 4) * x + 2;

const FILTERS = {
  bilinear: { reach: 1, weight: (distance) => 1 - distance },
  bicubic: { reach: 2, weight: cubic },
} as const satisfies Record<string, Filter>;

/** How {@link resize} scales. */
export interface ResizeOptions {
  /** What lies between pixels; bicubic is sharper where a picture is enlarged. `'bilinear'` by default. */
  readonly filter?: keyof typeof FILTERS;
}

const OPTIONS: OptionNames<ResizeOptions> = { filter: 1 };

/**
 * An image of another size, as Pillow's `BILINEAR` or `BICUBIC` has it: filters are widened by the scale when shrinking, so
 * that nothing aliases. Each axis in turn, rounded to bytes in between.
 *
 * @throws {RangeError} for a size that is not a positive integer, or a filter that there is not
 * @example
 * import { resize } from 'residua';
 *
 * const image = { height: 4, width: 4, channels: 1, data: new Uint8Array(16).fill(7) };
 * console.log(resize(image, 2, 2).data); // 7, 7, 7, 7
 */
export function resize(
  image: Image,
  height: number,
  width: number,
  options: ResizeOptions = {},
): Image {
  expectOptions('resize', options, OPTIONS);
  const { filter = 'bilinear' } = options;
  expectOneOf('resize', 'filter', filter, Object.keys(FILTERS));
  for (const [what, value] of Object.entries({ height, width })) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new RangeError(`resize: ${what} is ${value} but must be a positive integer`);
    }
  }
  const by = FILTERS[filter];
  return resizeAxis(resizeAxis(image, width, 'x', by), height, 'y', by);
}

function resizeAxis(image: Image, size: number, axis: 'x' | 'y', filter: Filter): Image {
  const { width, height, channels, data } = image;
  const oldSize = axis === 'x' ? width : height;
  if (size === oldSize) return image;
  const taps = tapsOf(oldSize, size, filter);
  const [newWidth, newHeight] = axis === 'x' ? [size, height] : [width, size];
  const step = axis === 'x' ? channels : width * channels;
  const resized = new Uint8Array(newWidth * newHeight * channels);
  for (let y = 0, to = 0; y < newHeight; y++) {
    for (let x = 0; x < newWidth; x++) {
      const { first, weights } = taps[axis === 'x' ? x : y]!;
      const start = axis === 'x' ? (y * width + first) * channels : (first * width + x) * channels;
      for (let channel = 0; channel < channels; channel++) {
        let sum = 0.5;
        for (let tap = 0, from = start + channel; tap < weights.length; tap++, from += step) {
          sum += weights[tap]! * data[from]!;
        }
        resized[to++] = Math.min(255, Math.max(0, Math.floor(sum)));
      }
    }
  }
  return { width: newWidth, height: newHeight, channels, data: resized };
}

function tapsOf(oldSize: number, size: number, { reach, weight }: Filter): Taps[] {
  const scale = oldSize / size;
  const widened = Math.max(1, scale);
  return Array.from({ length: size }, (_, index) => {
    const centre = (index + 0.5) * scale;
    const first = Math.max(0, Math.floor(centre - reach * widened + 0.5));
    const end = Math.min(oldSize, Math.floor(centre + reach * widened + 0.5));
    const weights: number[] = [];
    for (let old = first; old < end; old++) {
      const distance = Math.abs(old + 0.5 - centre) / widened;
      weights.push(distance < reach ? weight(distance) : 0);
    }
    const sum = weights.reduce((total, value) => total + value, 0);
    return { first, weights: weights.map((value) => value / sum) };
  });
}
