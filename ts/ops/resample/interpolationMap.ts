import { unchanged, type AxisMap } from './axisMap.ts';

/** How values between pixels are found: one pixel for each, in PyTorch's two ways, or two in a straight line. */
export type InterpolationMode = 'nearest' | 'nearest-exact' | 'bilinear';

/** Which place of the input each one of the output has. */
export interface InterpolationRule {
  readonly mode: InterpolationMode;
  /** The first and the last pixel stay where they are, instead of the image's edges. */
  readonly alignCorners: boolean;
  /** Averages over all that an output pixel covers where there are fewer of them. */
  readonly antialias: boolean;
}

/** Taps of each index in its turn. */
type Taps = readonly (readonly [index: number, weight: number])[];

/**
 * What each of `size` pixels along an axis takes of `from` others. `scale` is how many times as large the image becomes where that is
 * not their ratio. Weights are computed in float64; taps of weight 0 are left out.
 *
 * Source: PyTorch's `interpolate`, whose rounding of nearest pixels is kept.
 */
export function interpolationMap(
  from: number,
  size: number,
  { mode, alignCorners, antialias }: InterpolationRule,
  scale: number | undefined,
): AxisMap {
  // PyTorch's short cuts: whatever the scale says, an axis that keeps its size is copied, and one of twice the size is each pixel twice.
  if (size === from && mode !== 'nearest-exact') return unchanged(size);
  if (size === 2 * from && mode === 'nearest') scale = undefined;
  const place = (index: number): number => (scale ? index / scale : (index * from) / size);
  if (mode !== 'bilinear') {
    const middle = mode === 'nearest' ? 0 : 0.5;
    // PyTorch multiplies in f32: where that rounds below a whole number, it takes the pixel before.
    const ratio = Math.fround(place(1));
    const nearest = (index: number): number =>
      Math.min(Math.floor(Math.fround((index + middle) * ratio)), from - 1);
    return { size, from, taps: Int32Array.from({ length: size }, (_, index) => nearest(index)) };
  }
  const step = alignCorners ? (size > 1 ? (from - 1) / (size - 1) : 0) : place(1);
  if (antialias) return mapOf(size, from, (index) => covered(from, step, step * (index + 0.5)));
  return mapOf(size, from, (index) => {
    const at = alignCorners
      ? size > 1
        ? (index * (from - 1)) / (size - 1)
        : 0
      : Math.max(place(index + 0.5) - 0.5, 0);
    const first = Math.min(Math.floor(at), from - 1);
    const share = first + 1 < from ? at - first : 0;
    return [
      [first, 1 - share],
      [first + 1, share],
    ];
  });
}

/** The pixels under a triangle around the center, twice as wide as a pixel of the output, whose weights sum to 1. */
function covered(from: number, step: number, center: number): Taps {
  const reach = Math.max(step, 1);
  const first = Math.max(Math.trunc(center - reach + 0.5), 0);
  const end = Math.min(Math.trunc(center + reach + 0.5), from);
  const weights = Array.from({ length: end - first }, (_, index) =>
    Math.max(0, 1 - Math.abs(first + index + 0.5 - center) / reach),
  );
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight, index) => [first + index, weight / sum]);
}

function mapOf(size: number, from: number, tapsOf: (index: number) => Taps): AxisMap {
  const rows = Array.from({ length: size }, (_, index) =>
    tapsOf(index).filter(([, weight]) => weight !== 0),
  );
  const starts = new Int32Array(size + 1);
  rows.forEach((taps, index) => (starts[index + 1] = starts[index]! + taps.length));
  const all = rows.flat();
  return {
    size,
    from,
    starts,
    taps: Int32Array.from(all, ([index]) => index),
    weights: Float32Array.from(all, ([, weight]) => weight),
  };
}
