import { ShapeError } from '../base/errors.ts';
import { channelsOf, formatShape, sizeOf } from '../base/shape.ts';
import type { Shape } from '../base/shape.ts';
import { lowerCopy } from './copy.ts';
import type { Op } from './op.ts';

/** Shape of the output. */
export interface ReshapeAttrs {
  readonly shape: Shape;
}

/** The same elements in row-major order under another shape, as a copy. */
export const reshape: Op<ReshapeAttrs> = {
  name: 'reshape',
  infer([x], { shape }) {
    const whole = shape.every((size) => Number.isInteger(size) && size >= 0);
    if (!whole || sizeOf(shape) !== sizeOf(x!.shape)) {
      const facts = `${formatShape(x!.shape)} has ${sizeOf(x!.shape)} elements`;
      throw new ShapeError(`reshape: input ${facts}, which do not fit ${formatShape(shape)}`);
    }
    return [{ shape, dtype: x!.dtype }];
  },
  lower(to, [x], [y]) {
    const [xGaps, yGaps] = [x!, y!].map((view) => view.stride !== channelsOf(view.shape));
    if (!xGaps) return lowerCopy(to, { ...x!, shape: y!.shape, stride: channelsOf(y!.shape) }, y!);
    if (!yGaps) return lowerCopy(to, x!, { ...y!, shape: x!.shape, stride: channelsOf(x!.shape) });
    const dense = {
      ...x!,
      pointer: to.workspace(4 * sizeOf(x!.shape)),
      stride: channelsOf(x!.shape),
    };
    lowerCopy(to, x!, dense);
    lowerCopy(to, { ...dense, shape: y!.shape, stride: channelsOf(y!.shape) }, y!);
  },
  gradient: (apply, { inputs: [x], dys: [dy] }) => apply(reshape, [dy!], { shape: x!.shape }),
};
