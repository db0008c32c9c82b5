import type { Image } from './image.ts';

/** Which old samples make a new one, and by how much. */
interface Taps {
  readonly first: number;
  readonly weights: readonly number[];
}

/**
 * An image of another size, by the triangle filter as Pillow's `BILINEAR` has it: bilinear when enlarging, and widened
 * by the scale when shrinking, so that nothing aliases. Each axis in turn, rounded to bytes in between.
 *
 * @throws {RangeError} for a size that is not a positive integer
 * @example
 * import { resize } from 'residua';
 *
 * const image = { height: 4, width: 4, channels: 1, data: new Uint8Array(16).fill(7) };
 * console.log(resize(image, 2, 2).data); // 7, 7, 7, 7
 */
export function resize(image: Image, height: number, width: number): Image {
  for (const [what, value] of Object.entries({ height, width })) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new RangeError(`resize: ${what} is ${value} but must be a positive integer`);
    }
  }
  return resizeAxis(resizeAxis(image, width, 'x'), height, 'y');
}

function resizeAxis(image: Image, size: number, axis: 'x' | 'y'): Image {
  const { width, height, channels, data } = image;
  const oldSize = axis === 'x' ? width : height;
  if (size === oldSize) return image;
  const taps = triangleTaps(oldSize, size);
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
        resized[to++] = Math.min(255, Math.floor(sum));
      }
    }
  }
  return { width: newWidth, height: newHeight, channels, data: resized };
}

function triangleTaps(oldSize: number, size: number): Taps[] {
  const scale = oldSize / size;
  const reach = Math.max(1, scale);
  return Array.from({ length: size }, (_, index) => {
    const centre = (index + 0.5) * scale;
    const first = Math.max(0, Math.floor(centre - reach + 0.5));
    const end = Math.min(oldSize, Math.floor(centre + reach + 0.5));
    const weights: number[] = [];
    for (let old = first; old < end; old++) {
      weights.push(Math.max(0, 1 - Math.abs(old + 0.5 - centre) / reach));
    }
    const sum = weights.reduce((total, weight) => total + weight, 0);
    return { first, weights: weights.map((weight) => weight / sum) };
  });
}
