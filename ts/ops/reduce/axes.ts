import { ShapeError } from '../../base/errors.ts';
import { shown } from '../../base/settings.ts';
import { formatShape, sizeOf, type Shape } from '../../base/shape.ts';

/** Axes of a tensor, counted from the first, or from the last one where they are negative. */
export type Axes = number | readonly number[];

/** What is reduced, and to which shape. */
export interface ReduceAttrs {
  /** Axes, from 0 on, in their order. */
  readonly axes: readonly number[];
  /** Shape of the output: that of the input without the axes, or with a 1 for each. */
  readonly shape: Shape;
}

/** One axis counted from the first; throws {@link ShapeError} when there is no such axis. */
export function axisOf(place: string, shape: Shape, axis: number): number {
  const last = shape.length - 1;
  if (!Number.isInteger(axis) || axis < -last - 1 || axis > last) {
    const facts = `axis is ${shown(axis)} but input ${formatShape(shape)} has ${shape.length} axes`;
    throw new ShapeError(`${place}: ${facts}`);
  }
  return axis < 0 ? axis + shape.length : axis;
}

/** All axes by default; throws {@link ShapeError} for an axis that is not there, or twice. */
export function reduceAttrs(
  place: string,
  shape: Shape,
  axes: Axes | undefined,
  keepDims = false,
): ReduceAttrs {
  const given = axes === undefined ? [...shape.keys()] : typeof axes === 'number' ? [axes] : axes;
  if (!Array.isArray(given))
    throw new TypeError(`${place}: axes are ${shown(axes)} but must be numbers`);
  const own = given.map((axis) => axisOf(place, shape, axis as number)).sort((a, b) => a - b);
  const twice = own.find((axis, i) => axis === own[i + 1]);
  if (twice !== undefined)
    throw new ShapeError(`${place}: axes ${shown(given)} name axis ${twice} twice`);
  const left = shape.map((size, axis) => (own.includes(axis) ? 1 : size));
  return { axes: own, shape: keepDims ? left : left.filter((_, axis) => !own.includes(axis)) };
}

/** Axes next to each other that are all reduced, or all kept. */
export interface Run {
  readonly size: number;
  readonly reduced: boolean;
}

/** A shape as runs. Axes of one element belong to any run. */
export function runsOf(shape: Shape, axes: readonly number[]): Run[] {
  const runs: Run[] = [];
  shape.forEach((size, axis) => {
    const reduced = axes.includes(axis);
    const last = runs.at(-1);
    if (size === 1) return;
    if (last?.reduced === reduced) runs.push({ size: runs.pop()!.size * size, reduced });
    else runs.push({ size, reduced });
  });
  return runs;
}

/** How many elements runs have. */
export const sizesOf = (runs: readonly Run[]): number => sizeOf(runs.map(({ size }) => size));

/** How many elements each result is made of. */
export const countOf = (shape: Shape, axes: readonly number[]): number =>
  axes.reduce((count, axis) => count * shape[axis]!, 1);
