import type { Image } from '../io/image.ts';

/** What a grey picture shows on its ground. */
export interface Ink {
  /** Whether it is lighter than the ground. */
  readonly light: boolean;
  /** Its strongest difference from the ground, of 255. */
  readonly contrast: number;
  /** First column and row of its box in the picture. */
  readonly left: number;
  readonly top: number;
  /** The box alone, `[height, width, 1]`: 0 where the ground is, else how much it differs. */
  readonly picture: Image;
}

/** Differences, of 255, that an empty sheet may have. */
const EMPTY = 12;
/** Differences that count as ink where the ground is not of one grey. */
const NOISY = 13;
/** A typical difference within the ground beyond which it is none. */
const NO_GROUND = 40;

/**
 * Finds what differs from a picture's ground, which is the grey that its border has in the middle of all.
 *
 * @returns undefined when there is no ground: the border is as varied as a photograph's; 'none' when there is no ink
 */
export function findInk(grey: Image): Ink | 'none' | undefined {
  const { ground, noise } = groundOf(grey);
  if (noise > NO_GROUND) return undefined;
  const { sums, strongest } = differences(grey.data, ground, NOISY);
  const light = sums.lighter === sums.darker ? strongest.lighter > 0 : sums.lighter > sums.darker;
  const contrast = light ? strongest.lighter : strongest.darker;
  if (contrast <= Math.max(EMPTY, 2 * noise)) return 'none';
  // Half the contrast is ink in any light, however uneven.
  const least = noise === 0 ? 0 : Math.min(Math.max(NOISY, 3 * noise), contrast / 2);
  const strength = (at: number): number => {
    const difference = light ? grey.data[at]! - ground : ground - grey.data[at]!;
    return difference > least ? difference : 0;
  };
  return { light, contrast, ...cropInk(grey, strength) };
}

/** Median of the border's pixels, and of their differences from it. */
function groundOf({ width, height, data }: Image): { ground: number; noise: number } {
  const border: number[] = [];
  for (let y = 0; y < height; y++) {
    const step = y === 0 || y === height - 1 ? 1 : Math.max(1, width - 1);
    for (let x = 0; x < width; x += step) border.push(data[y * width + x]!);
  }
  const ground = median(border);
  return { ground, noise: median(border.map((value) => Math.abs(value - ground))) };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

/** Sums of the differences of more than `least`, and the largest ones, on either side of the ground. */
function differences(
  data: Uint8Array,
  ground: number,
  least: number,
): Record<'sums' | 'strongest', { lighter: number; darker: number }> {
  const sums = { lighter: 0, darker: 0 };
  const strongest = { lighter: 0, darker: 0 };
  for (const value of data) {
    const side = value > ground ? 'lighter' : 'darker';
    const difference = Math.abs(value - ground);
    if (difference > least) sums[side] += difference;
    if (difference > strongest[side]) strongest[side] = difference;
  }
  return { sums, strongest };
}

/** The smallest box that holds all of the ink, of which there must be some: pixels of a strength above 0. */
export function cropInk(
  { width, height }: Image,
  strength: (at: number) => number,
): Pick<Ink, 'left' | 'top' | 'picture'> {
  let [left, right, top, bottom] = [width, 0, height, 0];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (strength(y * width + x) === 0) continue;
      left = Math.min(left, x);
      right = Math.max(right, x + 1);
      top = Math.min(top, y);
      bottom = y + 1;
    }
  }
  const box = { width: right - left, height: bottom - top };
  const data = Uint8Array.from({ length: box.width * box.height }, (_, at) => {
    const [x, y] = [at % box.width, Math.floor(at / box.width)];
    return strength((top + y) * width + left + x);
  });
  return { left, top, picture: { ...box, channels: 1, data } };
}
