import { pixelsOf, sizeOf, type Shape } from '../../base/shape.ts';
import type { Part } from '../op.ts';

/** Where a box of a tensor lies in it, if its pixels follow each other there: then it can be read in its place. */
export function lyingIn(shape: Shape, start: Shape, size: Shape): Part | undefined {
  const last = shape.length - 1;
  const first = size.findIndex((count) => count !== 1);
  const whole = shape.every((count, axis) => axis <= first || axis >= last || count === size[axis]);
  if (!whole || sizeOf(size) === 0) return undefined;
  const pixel = shape
    .slice(0, -1)
    .reduce((sum, _, axis) => sum + start[axis]! * pixelsOf(shape.slice(axis + 1)), 0);
  return { pixel, channel: start[last] ?? 0 };
}
