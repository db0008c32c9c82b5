import { ShapeError } from '../../base/errors.ts';
import { formatShape, sizeOf, type Shape } from '../../base/shape.ts';

/** Leading axes next to each other that an operand has all of, or that it is repeated along. */
export interface LeadingRun {
  readonly size: number;
  /** Whether a and b have matrices of their own along it. */
  readonly a: boolean;
  readonly b: boolean;
}

/** Leading axes of a product of matrices, those of both operands aligned at their ends; throws {@link ShapeError}. */
export function leadingAxes(a: Shape, b: Shape): Shape {
  const count = Math.max(a.length, b.length) - 2;
  return Array.from({ length: count }, (_, axis) => {
    const [own, other] = [a, b].map((shape) => sizeAt(shape, count, axis));
    if (own !== other && own !== 1 && other !== 1) {
      const facts = `first input ${formatShape(a)} and second ${formatShape(b)}`;
      throw new ShapeError(`matmul: ${facts} have leading axes of ${own} and ${other}`);
    }
    return own === 1 ? other! : own!;
  });
}

/** The leading axes as runs, without those of one matrix. */
export function leadingRuns(a: Shape, b: Shape): LeadingRun[] {
  const leading = leadingAxes(a, b);
  const runs: LeadingRun[] = [];
  leading.forEach((size, axis) => {
    if (size === 1) return;
    const own = {
      a: sizeAt(a, leading.length, axis) !== 1,
      b: sizeAt(b, leading.length, axis) !== 1,
    };
    const last = runs.at(-1);
    if (last?.a === own.a && last.b === own.b) runs.push({ size: runs.pop()!.size * size, ...own });
    else runs.push({ size, ...own });
  });
  return runs;
}

/** Axes of a product's leading axes that an operand is repeated along: what its gradient is summed over. */
export function repeatedAxes(leading: Shape, operand: Shape): number[] {
  return [...leading.keys()].filter((axis) => sizeAt(operand, leading.length, axis) === 1);
}

/** How many matrices an operand has. */
export const matricesOf = (shape: Shape): number => sizeOf(shape.slice(0, -2));

/** Size of an operand along one of so many leading axes: 1 where it has none. */
const sizeAt = (shape: Shape, count: number, axis: number): number =>
  shape[shape.length - 2 - count + axis] ?? 1;
