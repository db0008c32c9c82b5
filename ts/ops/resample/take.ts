import { shown } from '../../base/settings.ts';
import { formatShape, type Shape } from '../../base/shape.ts';
import { expectAxis, withSize } from '../moves/axis.ts';
import { ofExtra } from '../ofExtra.ts';
import type { One } from '../places.ts';
import { lowerResample } from './lowerResample.ts';
import { backward, resample, type ResampleAttrs } from './resample.ts';

/** Settings of {@link take}. */
export interface TakeAttrs {
  readonly axis: number;
  /** Which index of x each index of y is; they may repeat. */
  readonly indices: Shape;
}

const mapOf = (shape: Shape, { axis, indices }: TakeAttrs): ResampleAttrs => ({
  axis,
  maps: [{ size: indices.length, from: shape[axis]!, taps: Int32Array.from(indices) }],
});

/** A tensor of any type at these indices of an axis: `y[…, i, …] = x[…, indices[i], …]`. */
export const take = /* @__PURE__ */ ofExtra<{ x: One }, { y: One }, TakeAttrs>({
  name: 'take',
  infer({ x }, { axis, indices }) {
    expectAxis('take', x, axis);
    const size = x.shape[axis]!;
    const wrong = indices.find((index) => !(Number.isInteger(index) && index >= 0 && index < size));
    if (wrong !== undefined) {
      const facts = `axis ${axis} of input ${formatShape(x.shape)} has ${size}`;
      throw new RangeError(`take: there is an index ${shown(wrong)} but ${facts}`);
    }
    return { y: { shape: withSize(x.shape, axis, indices.length), dtype: x.dtype } };
  },
  lower(to, { x }, { y }, attrs) {
    const { axis, maps } = mapOf(x.shape, attrs);
    lowerResample(to, x, y, axis, maps);
  },
  gradient: (apply, { inputs: { x }, dys: { y: dy }, attrs }) =>
    dy ? { x: apply(resample, { x: dy }, backward(mapOf(x.shape, attrs))).y } : {},
});
