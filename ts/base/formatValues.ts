import type { Shape } from './shape.ts';

/** Of an axis that is longer so many are shown at either end. */
const EDGE = 3;
const DIGITS = 5;

const digits = (value: number): string => String(Number(value.toPrecision(DIGITS)));

/** Values as rows, abbreviated: `[[1, 2], [3, 4]]` over lines. `read` gives so many from an index on. */
export function formatValues(
  shape: Shape,
  read: (index: number, count: number) => ArrayLike<number>,
): string {
  // Of more than two axes all but the last are cut to two.
  const edgeOf = (axis: number): number => (shape.length > 2 && axis < shape.length - 1 ? 1 : EDGE);
  const show = (axis: number, index: number): string => {
    if (axis === shape.length) return digits(read(index, 1)[0]!);
    const size = shape[axis]!;
    const step = shape.slice(axis + 1).reduce((product, other) => product * other, 1);
    const last = axis === shape.length - 1;
    const edge = edgeOf(axis);
    const part = (from: number, to: number): string[] =>
      Array.from({ length: to - from }, (_, i) => show(axis + 1, index + (from + i) * step));
    const items =
      size <= 2 * edge + 2 ? part(0, size) : [...part(0, edge), '…', ...part(size - edge, size)];
    return `[${items.join(last ? ', ' : `,\n${' '.repeat(axis + 1)}`)}]`;
  };
  return show(0, 0);
}
