import { ShapeError } from '../../base/errors.ts';
import { shown } from '../../base/settings.ts';
import { formatShape, type Shape, type Spec } from '../../base/shape.ts';

/** Throws {@link ShapeError} unless the tensor has this axis, counted from 0. */
export function expectAxis(op: string, { shape }: Spec, axis: number): void {
  if (Number.isInteger(axis) && axis >= 0 && axis < shape.length) return;
  const facts = shape.length > 0 ? `has the axes 0 to ${shape.length - 1}` : 'has no axes';
  throw new ShapeError(`${op}: axis is ${shown(axis)} but input ${formatShape(shape)} ${facts}`);
}

/** The shape with another size of one axis. */
export const withSize = (shape: Shape, axis: number, size: number): Shape =>
  shape.map((own, index) => (index === axis ? size : own));

/** A list of numbers for the axes: 0 but for one of them. */
export const onAxis = (shape: Shape, axis: number, value: number): number[] =>
  shape.map((_, index) => (index === axis ? value : 0));
