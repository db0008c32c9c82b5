import { ShapeError } from '../../base/errors.ts';
import { shown } from '../../base/settings.ts';
import { formatShape, type Shape } from '../../base/shape.ts';
import { fill } from '../fill.ts';
import { ofExtra } from '../ofExtra.ts';
import type { One } from '../places.ts';
import { expectAxis, onAxis, withSize } from './axis.ts';
import { concatAlong } from './concatAlong.ts';
import { lowerMove } from './lowerMove.ts';
import { lyingIn } from './lyingIn.ts';
import { at, partFrom } from './strides.ts';

/** Settings of {@link split}. */
export interface SplitAttrs {
  readonly axis: number;
  /** Size of each part on that axis. */
  readonly sizes: Shape;
}

/** Start and shape of each part. */
function partsOf(shape: Shape, { axis, sizes }: SplitAttrs): { start: Shape; size: Shape }[] {
  let first = 0;
  return sizes.map((count) => {
    const start = onAxis(shape, axis, first);
    first += count;
    return { start, size: withSize(shape, axis, count) };
  });
}

/** Cuts a tensor of any type along an axis into parts of these sizes. */
export const split = /* @__PURE__ */ ofExtra<{ x: One }, { parts: readonly One[] }, SplitAttrs>({
  name: 'split',
  infer({ x }, attrs) {
    const { axis, sizes } = attrs;
    expectAxis('split', x, axis);
    const whole = sizes.every((size) => Number.isInteger(size) && size >= 0);
    const sum = sizes.reduce((total, size) => total + size, 0);
    if (!whole || sizes.length === 0 || sum !== x.shape[axis]) {
      const facts = `axis ${axis} of input ${formatShape(x.shape)} has ${x.shape[axis]}`;
      throw new ShapeError(`split: sizes are ${shown(sizes)} but ${facts}`);
    }
    return {
      parts: partsOf(x.shape, attrs).map(({ size }) => ({ shape: size, dtype: x.dtype })),
    };
  },
  liesIn: ({ x }, attrs) =>
    partsOf(x.shape, attrs).map(({ start, size }) => lyingIn(x.shape, start, size)),
  lower(to, { x }, { parts }, attrs) {
    partsOf(x.shape, attrs).forEach(({ start, size }, index) =>
      lowerMove(to, size, partFrom(x, start), at(parts[index]!)),
    );
  },
  gradient(apply, { outputs: { parts }, dys, attrs: { axis } }) {
    const dparts = parts.map(
      ({ shape }, index) => dys.parts?.[index] ?? apply(fill, {}, { shape, value: 0 }).y,
    );
    return { x: apply(concatAlong, { parts: dparts }, { axis }).y };
  },
});
