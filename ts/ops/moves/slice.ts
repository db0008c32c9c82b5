import { ShapeError } from '../../base/errors.ts';
import { shown } from '../../base/settings.ts';
import { formatShape, type Shape } from '../../base/shape.ts';
import { expectType } from '../expect.ts';
import { ofExtra } from '../ofExtra.ts';
import type { Op } from '../op.ts';
import type { One } from '../places.ts';
import { lowerMove } from './lowerMove.ts';
import { lyingIn } from './lyingIn.ts';
import { at, partFrom } from './strides.ts';

/** The box that {@link slice} takes: its first index and its size, for each axis. */
export interface SliceAttrs {
  readonly start: Shape;
  readonly size: Shape;
}

/** What {@link padAxes} adds. */
export interface PadAttrs {
  /** Indices added before and after, for each axis. */
  readonly padding: readonly (readonly [before: number, after: number])[];
  readonly value: number;
}

/** A box of a tensor of any axes and type: `y[i] = x[start + i]`, y of the shape `size`. */
export const slice: Op<{ x: One }, { y: One }, SliceAttrs> = /* @__PURE__ */ ofExtra<
  { x: One },
  { y: One },
  SliceAttrs
>({
  name: 'slice',
  infer({ x }, { start, size }) {
    const fits = size.every((count, axis) => {
      const first = start[axis]!;
      const whole = Number.isInteger(first) && Number.isInteger(count);
      return whole && first >= 0 && count >= 0 && first + count <= x.shape[axis]!;
    });
    if (!fits || [start, size].some(({ length }) => length !== x.shape.length)) {
      const box = `${formatShape(size)} from ${formatShape(start)} on`;
      throw new ShapeError(`slice: ${box} does not lie in the input ${formatShape(x.shape)}`);
    }
    return { y: { shape: size, dtype: x.dtype } };
  },
  liesIn: ({ x }, { start, size }) => [lyingIn(x.shape, start, size)],
  lower: (to, { x }, { y }, { start, size }) => lowerMove(to, size, partFrom(x, start), at(y)),
  gradient(apply, { inputs: { x }, dys: { y: dy }, attrs: { start, size } }) {
    if (!dy) return {};
    const padding = x.shape.map((whole, axis) => {
      const before = start[axis]!;
      return [before, whole - before - size[axis]!] as const;
    });
    return { x: apply(padAxes, { x: dy }, { padding, value: 0 }).y };
  },
});

/** x with a number around it: y has `before + size + after` indices on each axis. */
export const padAxes: Op<{ x: One }, { y: One }, PadAttrs> = /* @__PURE__ */ ofExtra<
  { x: One },
  { y: One },
  PadAttrs
>({
  name: 'padAxes',
  infer({ x }, { padding }) {
    expectType('padAxes', 'input', x, 'f32');
    expectPadding(x.shape, padding);
    const shape = x.shape.map((size, axis) => size + padding[axis]![0] + padding[axis]![1]);
    return { y: { shape, dtype: 'f32' } };
  },
  lower(to, { x }, { y }, { padding, value }) {
    const inner = padding.map(([before]) => before);
    lowerMove(to, x.shape, at(x), partFrom(y, inner));
    const source = { pointer: Float32Array.of(value), strides: x.shape.map(() => 0) };
    // A border goes along all that is left of the axes before it, and the whole of those after it.
    padding.forEach(([before, after], axis) => {
      const along = (first: number, size: number): void => {
        const box = y.shape.map((whole, other) =>
          other < axis ? x.shape[other]! : other === axis ? size : whole,
        );
        const start = inner.map((own, other) => (other < axis ? own : other === axis ? first : 0));
        lowerMove(to, box, source, partFrom(y, start));
      };
      along(0, before);
      along(before + x.shape[axis]!, after);
    });
  },
  gradient(apply, { inputs: { x }, dys: { y: dy }, attrs: { padding } }) {
    if (!dy) return {};
    const start = padding.map(([before]) => before);
    return { x: apply(slice, { x: dy }, { start, size: x.shape }).y };
  },
});

/** Throws {@link ShapeError} unless there are two whole numbers for each axis. */
export function expectPadding(shape: Shape, padding: PadAttrs['padding']): void {
  const fits = padding.every(
    (pair) =>
      Array.isArray(pair) &&
      pair.length === 2 &&
      pair.every((count) => Number.isInteger(count) && count >= 0),
  );
  if (fits && padding.length === shape.length) return;
  throw new ShapeError(
    `padAxes: padding ${shown(padding)} of input ${formatShape(shape)} must be [before, after], whole numbers ≥ 0, for each axis`,
  );
}
