import { ShapeError } from '../base/errors.ts';
import { channelsOf, formatShape, sizeOf } from '../base/shape.ts';
import type { Shape } from '../base/shape.ts';
import { lowerCopy } from './copy.ts';
import type { Op, View } from './op.ts';
import type { One } from './places.ts';

/** Settings of {@link reshape}. */
export interface ReshapeAttrs {
  /** Shape of the output. */
  readonly shape: Shape;
}

/** y has the elements of x in row-major order under another shape, as a copy. */
export const reshape: Op<{ x: One }, { y: One }, ReshapeAttrs> = {
  name: 'reshape',
  infer({ x }, { shape }) {
    const whole = shape.every((size) => Number.isInteger(size) && size >= 0);
    if (!whole || sizeOf(shape) !== sizeOf(x.shape)) {
      const facts = `${formatShape(x.shape)} has ${sizeOf(x.shape)} elements`;
      throw new ShapeError(`reshape: input ${facts}, which do not fit ${formatShape(shape)}`);
    }
    return { y: { shape, dtype: x.dtype } };
  },
  lower(to, { x }, { y }) {
    if (isDense(x)) return lowerCopy(to, denseAs(x, y.shape), y);
    if (isDense(y)) return lowerCopy(to, x, denseAs(y, x.shape));
    const between = denseAs({ ...x, pointer: to.workspace(4 * sizeOf(x.shape)) }, x.shape);
    lowerCopy(to, x, between);
    lowerCopy(to, denseAs(between, y.shape), y);
  },
  gradient: (apply, { inputs: { x }, dys: { y: dy } }) =>
    dy ? { x: apply(reshape, { x: dy }, { shape: x.shape }).y } : {},
};

const isDense = ({ shape, stride }: View): boolean => stride === channelsOf(shape);

/** Memory without gaps, seen under another shape. */
const denseAs = (view: View, shape: Shape): View => ({ ...view, shape, stride: channelsOf(shape) });
