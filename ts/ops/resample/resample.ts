import type { Shape } from '../../base/shape.ts';
import { ofExtra } from '../ofExtra.ts';
import type { Op } from '../op.ts';
import type { One } from '../places.ts';
import { withSize } from '../moves/axis.ts';
import { transposed } from './axisMap.ts';
import { lowerResample, type Maps } from './lowerResample.ts';

/** Settings of {@link resample}. */
export interface ResampleAttrs {
  /** The axis of the first map; a second one is for the next axis. */
  readonly axis: number;
  readonly maps: Maps;
}

/** Sums of what one or two axes of y take of x: the gradient of all ops that take by tables. */
export const resample: Op<{ x: One }, { y: One }, ResampleAttrs> = /* @__PURE__ */ ofExtra<
  { x: One },
  { y: One },
  ResampleAttrs
>({
  name: 'resample',
  infer: ({ x }, attrs) => ({ y: { shape: resampled(x.shape, attrs), dtype: x.dtype } }),
  lower: (to, { x }, { y }, { axis, maps }) => lowerResample(to, x, y, axis, maps),
  gradient: (apply, { dys: { y: dy }, attrs }) =>
    dy ? { x: apply(resample, { x: dy }, backward(attrs)).y } : {},
});

/** The shape of y for one of x. */
export const resampled = (shape: Shape, { axis, maps }: ResampleAttrs): Shape =>
  maps.reduce((sizes, { size }, index) => withSize(sizes, axis + index, size), shape);

/** The settings that give the gradient by x of dy. */
export function backward({ axis, maps: [rows, columns] }: ResampleAttrs): ResampleAttrs {
  const first = transposed(rows);
  return { axis, maps: columns ? [first, transposed(columns)] : [first] };
}
