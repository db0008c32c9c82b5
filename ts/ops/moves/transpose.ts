import { ShapeError } from '../../base/errors.ts';
import { shown } from '../../base/settings.ts';
import { formatShape, type Shape } from '../../base/shape.ts';
import { ofExtra } from '../ofExtra.ts';
import type { Op } from '../op.ts';
import type { One } from '../places.ts';
import { lowerMove } from './lowerMove.ts';
import { at, stridesOf } from './strides.ts';

/** Settings of {@link transpose}. */
export interface TransposeAttrs {
  /** For each axis of y, which of x it is. */
  readonly permutation: Shape;
}

/** A tensor of any type with its axes in another order: axis i of y is axis `permutation[i]` of x. */
export const transpose: Op<{ x: One }, { y: One }, TransposeAttrs> = /* @__PURE__ */ ofExtra<
  { x: One },
  { y: One },
  TransposeAttrs
>({
  name: 'transpose',
  infer({ x }, { permutation }) {
    const each = x.shape.every((_, axis) => permutation.includes(axis));
    if (!each || permutation.length !== x.shape.length) {
      const facts = `input ${formatShape(x.shape)} has ${x.shape.length} axes`;
      throw new ShapeError(`transpose: permutation is ${shown(permutation)} but ${facts}`);
    }
    return { y: { shape: permutation.map((axis) => x.shape[axis]!), dtype: x.dtype } };
  },
  lower(to, { x }, { y }, { permutation }) {
    const strides = stridesOf(x);
    const from = { pointer: x.pointer, strides: permutation.map((axis) => strides[axis]!) };
    lowerMove(to, y.shape, from, at(y));
  },
  gradient(apply, { dys: { y: dy }, attrs: { permutation } }) {
    if (!dy) return {};
    const inverse = permutation.map((_, axis) => permutation.indexOf(axis));
    return { x: apply(transpose, { x: dy }, { permutation: inverse }).y };
  },
});
