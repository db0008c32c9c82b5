import { ShapeError } from '../base/errors.ts';
import type { Pair, Sides } from '../ops/conv2d/geometry.ts';
import { expectWhole, shown } from '../base/settings.ts';

/** Zeros around an image, as users write them. */
export type Padding = number | Pair | Sides | 'same' | 'valid';

/** How a window moves over an image, as users write it. */
export interface Window {
  readonly kernelSize: number | Pair;
  readonly stride?: number | Pair;
  readonly padding?: Padding;
  readonly dilation?: number | Pair;
}

/** One number for both axes, or each its own. Throws {@link ShapeError} for anything else; `what` begins its message. */
export function pairOf(value: number | Pair, what: string): Pair {
  if (typeof value === 'number') return [value, value];
  if (Array.isArray(value) && value.length === 2) return [value[0], value[1]];
  throw new ShapeError(`${what} is ${shown(value)} but must be a number or [height, width]`);
}

/** Zeros on the four sides for a window over an image of `size`. Throws {@link ShapeError} for what is no padding. */
export function sidesOf(
  place: string,
  padding: Padding,
  size: Pair,
  kernelSize: Pair,
  stride: Pair,
  dilation: Pair,
): Sides {
  if (padding === 'valid') return [0, 0, 0, 0];
  if (padding === 'same') {
    const [height, width] = [0, 1].map((axis) => {
      const covered = (Math.ceil(size[axis]! / stride[axis]!) - 1) * stride[axis]!;
      return Math.max(0, covered + (kernelSize[axis]! - 1) * dilation[axis]! + 1 - size[axis]!);
    }) as [number, number];
    const [top, left] = [Math.floor(height / 2), Math.floor(width / 2)];
    return [top, width - left, height - top, left];
  }
  if (typeof padding === 'number') return [padding, padding, padding, padding];
  if (Array.isArray(padding) && padding.length === 2)
    return [padding[0], padding[1], padding[0], padding[1]];
  if (Array.isArray(padding) && padding.length === 4) return padding;
  const kinds = 'a number, [height, width], [top, right, bottom, left], "same" or "valid"';
  throw new ShapeError(`${place}: padding is ${shown(padding)} but must be ${kinds}`);
}

/** Throws RangeError for a window that fits no image at all: when a layer is made, not when it is first used. */
export function checkWindow(
  place: string,
  { kernelSize, stride = 1, padding = 0, dilation = 1 }: Window,
): void {
  const pairs = Object.entries({ kernelSize, stride, dilation }).map(
    ([name, value]) => [name, pairOf(value, `${place}: ${name}`)] as const,
  );
  for (const [name, pair] of pairs) for (const size of pair) expectWhole(place, name, size);
  for (const side of sidesOf(place, padding, [1, 1], [1, 1], [1, 1], [1, 1]))
    expectWhole(place, 'padding', side, 0);
}
