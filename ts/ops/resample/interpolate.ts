import { ShapeError } from '../../base/errors.ts';
import { formatShape, type Shape } from '../../base/shape.ts';
import { imagesOf } from '../args.ts';
import type { Pair } from '../conv2d/geometry.ts';
import { expectAxes } from '../expect.ts';
import { ofExtra } from '../ofExtra.ts';
import type { One } from '../places.ts';
import { lowerResample } from './lowerResample.ts';
import { backward, resample, type ResampleAttrs } from './resample.ts';
import { interpolationMap, type InterpolationRule } from './interpolationMap.ts';

/** Settings of {@link interpolate}. */
export interface InterpolateAttrs extends InterpolationRule {
  /** Height and width of the output. */
  readonly size: Pair;
  /** How many times as large the image becomes, where that is not the ratio of the sizes. */
  readonly scale?: Pair;
}

function mapsOf(shape: Shape, { size, scale, ...rule }: InterpolateAttrs): ResampleAttrs {
  const [rows, columns] = [0, 1].map((axis) =>
    interpolationMap(shape[1 + axis]!, size[axis]!, rule, scale?.[axis]),
  ) as [ReturnType<typeof interpolationMap>, ReturnType<typeof interpolationMap>];
  return { axis: 1, maps: [rows, columns] };
}

/** Images of another size: x `[N, H, W, C]`, y `[N, OH, OW, C]`, as PyTorch's `interpolate` makes them. */
export const interpolate = /* @__PURE__ */ ofExtra<{ x: One }, { y: One }, InterpolateAttrs>({
  name: 'interpolate',
  infer({ x }, { size }) {
    expectAxes('interpolate', 'input', x, 'NHWC');
    const { images, height, width, channels } = imagesOf(x);
    const whole = size.every((count) => Number.isSafeInteger(count) && count >= 1);
    if (!whole || height === 0 || width === 0) {
      const facts = `input ${formatShape(x.shape)} is resized to ${size.join('×')}`;
      throw new ShapeError(
        `interpolate: ${facts} but heights and widths must be whole numbers ≥ 1`,
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
