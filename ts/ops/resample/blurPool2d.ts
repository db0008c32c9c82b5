import { ShapeError } from '../../base/errors.ts';
import { formatShape, type Shape } from '../../base/shape.ts';
import { imagesOf } from '../args.ts';
import { expectAxes } from '../expect.ts';
import { ofExtra } from '../ofExtra.ts';
import type { One } from '../places.ts';
import type { AxisMap } from './axisMap.ts';
import { lowerResample } from './lowerResample.ts';
import { backward, resample, type ResampleAttrs } from './resample.ts';

/** Settings of {@link blurPool2d}. */
export interface BlurPool2dAttrs {
  /** Taps along each axis. */
  readonly filterSize: number;
  /** Pixels from one place of the filter to the next. */
  readonly stride: number;
}

/** Pixels that are mirrored at each border: half of what the filter and the stride reach beyond it, rounded down. */
const paddingOf = ({ filterSize, stride }: BlurPool2dAttrs): number =>
  Math.floor((stride + filterSize) / 2) - 1;

const sizeOf = (from: number, attrs: BlurPool2dAttrs): number =>
  Math.floor((from + 2 * paddingOf(attrs) - attrs.filterSize) / attrs.stride) + 1;

/** Binomial coefficients over their sum: exact in f32 up to 24 taps. */
function binomial(taps: number): Float32Array {
  const weights = new Float32Array(taps);
  weights[0] = 1;
  for (let row = 1; row < taps; row++) {
    for (let k = row; k >= 0; k--) weights[k] = (weights[k]! + (weights[k - 1] ?? 0)) / 2;
  }
  return weights;
}

function mapOf(from: number, attrs: BlurPool2dAttrs): AxisMap {
  const { filterSize, stride } = attrs;
  const [size, padding, weights] = [sizeOf(from, attrs), paddingOf(attrs), binomial(filterSize)];
  const mirrored = (index: number): number => from - 1 - Math.abs(from - 1 - Math.abs(index));
  const tap = (_: unknown, index: number): number =>
    mirrored(Math.floor(index / filterSize) * stride + (index % filterSize) - padding);
  const count = size * filterSize;
  return {
    size,
    from,
    starts: Int32Array.from({ length: size + 1 }, (_, index) => index * filterSize),
    taps: Int32Array.from({ length: count }, tap),
    weights: Float32Array.from({ length: count }, (_, index) => weights[index % filterSize]!),
  };
}

const mapsOf = ([, height, width]: Shape, attrs: BlurPool2dAttrs): ResampleAttrs => ({
  axis: 1,
  maps: [mapOf(height!, attrs), mapOf(width!, attrs)],
});

/** Sums of x `[N, H, W, C]` by a binomial filter along rows and columns, every `stride` pixels, its borders mirrored: y `[N, OH, OW, C]`. */
export const blurPool2d = /* @__PURE__ */ ofExtra<{ x: One }, { y: One }, BlurPool2dAttrs>({
  name: 'blurPool2d',
  infer({ x }, attrs) {
    expectAxes('blurPool2d', 'input', x, 'NHWC');
    const { images, height, width, channels } = imagesOf(x);
    const padding = paddingOf(attrs);
    const size = [height, width].map((from) => sizeOf(from, attrs));
    if (Math.min(height, width) <= padding || Math.min(...size) < 1) {
      const facts = `filterSize ${attrs.filterSize} and stride ${attrs.stride} mirror ${padding} at each border`;
      throw new ShapeError(
        `blurPool2d: ${facts} but input ${formatShape(x.shape)} has ${height}×${width} pixels`,
      );
    }
    return { y: { shape: [images, ...size, channels], dtype: 'f32' } };
  },
  lower(to, { x }, { y }, attrs) {
    const { axis, maps } = mapsOf(x.shape, attrs);
    lowerResample(to, x, y, axis, maps);
  },
  gradient: (apply, { inputs: { x }, dys: { y: dy }, attrs }) =>
    dy ? { x: apply(resample, { x: dy }, backward(mapsOf(x.shape, attrs))).y } : {},
});
