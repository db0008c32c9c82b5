import { ShapeError } from '../../base/errors.ts';
import { formatShape, sameShape } from '../../base/shape.ts';
import { expectType } from '../expect.ts';
import { ofExtra } from '../ofExtra.ts';
import type { One } from '../places.ts';
import { expectAxis, onAxis, withSize } from './axis.ts';
import { lowerMove } from './lowerMove.ts';
import { slice } from './slice.ts';
import { at, partFrom } from './strides.ts';

/** Settings of {@link concatAlong}. */
export interface ConcatAlongAttrs {
  /** The axis along which parts follow each other. */
  readonly axis: number;
}

/** Joins its parts, any number of them, along an axis; they agree in all others. */
export const concatAlong = /* @__PURE__ */ ofExtra<
  { parts: readonly One[] },
  { y: One },
  ConcatAlongAttrs
>({
  name: 'concatAlong',
  infer({ parts }, { axis }) {
    const [first] = parts;
    if (!first) throw new ShapeError('concat: inputs are joined but there are none');
    expectAxis('concat', first, axis);
    for (const part of parts) {
      expectType('concat', 'input', part, 'f32');
      const same = withSize(part.shape, axis, first.shape[axis]!);
      if (part.shape.length !== first.shape.length || !sameShape(same, first.shape)) {
        const shapes = `inputs ${formatShape(first.shape)} and ${formatShape(part.shape)}`;
        throw new ShapeError(`concat: ${shapes} differ in more than axis ${axis}`);
      }
    }
    const size = parts.reduce((sum, { shape }) => sum + shape[axis]!, 0);
    return { y: { shape: withSize(first.shape, axis, size), dtype: 'f32' } };
  },
  lower(to, { parts }, { y }, { axis }) {
    let start = 0;
    for (const part of parts) {
      lowerMove(to, part.shape, at(part), partFrom(y, onAxis(y.shape, axis, start)));
      start += part.shape[axis]!;
    }
  },
  gradient(apply, { inputs: { parts }, dys: { y: dy }, attrs: { axis }, needs }) {
    if (!dy) return {};
    let end = 0;
    const dparts = parts.map(({ shape }, index) => {
      const start = onAxis(shape, axis, end);
      end += shape[axis]!;
      return needs.parts[index] ? apply(slice, { x: dy }, { start, size: shape }).y : undefined;
    });
    return { parts: dparts };
  },
});
