import { matmul } from '../../ts/ops/matmul/matmul.ts';
import { sizeOf, type Shape } from '../../ts/base/shape.ts';
import { cases, f32, type Array64 } from './case.ts';
import { uniform } from './generators.ts';

const problems: readonly (readonly [name: string, a: Shape, b: Shape])[] = [
  ['few rows', [3, 9], [9, 7]],
  ['more rows', [19, 21], [21, 35]],
  ['one number', [1, 1], [1, 1]],
  ['rows of many matrices', [2, 3, 5, 9], [9, 7]],
  ['as many matrices', [3, 7, 9], [3, 9, 18]],
  ['two leading axes', [2, 3, 5, 6], [2, 3, 6, 9]],
  ['one first matrix', [5, 6], [3, 6, 17]],
  ['one first matrix of several axes', [1, 1, 5, 6], [2, 3, 6, 17]],
  ['one second matrix with an axis', [3, 5, 6], [1, 6, 4]],
  ['each repeated along another axis', [2, 1, 5, 6], [1, 3, 6, 4]],
  ['repeated between axes', [2, 3, 2, 5, 6], [2, 1, 2, 6, 4]],
  ['repeated along the inner axis', [2, 3, 5, 6], [2, 1, 6, 4]],
  ['nothing to add up', [2, 3, 0], [2, 0, 4]],
  ['nothing to add up, one matrix', [3, 0], [0, 4]],
  ['no rows', [0, 5], [5, 4]],
  ['no columns', [2, 3, 5], [2, 5, 0]],
  ['no matrices', [0, 3, 5], [0, 5, 4]],
  ['several chunks', [5, 70, 33], [5, 33, 65]],
  ['several chunks of a long sum', [2, 17, 700], [2, 700, 70]],
];

/** Matrices of an operand that belong to those of the product, by the broadcasting of leading axes. */
function matrixAt({ shape }: Array64, leading: Shape, index: number): number {
  let [rest, at, step] = [index, 0, 1];
  for (let back = 1; back <= leading.length; back++) {
    const size = leading.at(-back)!;
    const own = shape.at(-2 - back) ?? 1;
    if (own !== 1) at += (rest % size) * step;
    step *= own;
    rest = Math.floor(rest / size);
  }
  return at;
}

export const matmuls = [
  cases({
    op: matmul,
    reference({ a, b }) {
      const [rows, depth] = a.shape.slice(-2) as [number, number];
      const columns = b.shape.at(-1)!;
      const count = Math.max(a.shape.length, b.shape.length) - 2;
      const leading = Array.from({ length: count }, (_, axis) => {
        const [own, other] = [a, b].map(({ shape }) => shape[shape.length - 2 - count + axis] ?? 1);
        return own === 1 ? other! : own!;
      });
      const y: number[] = [];
      for (let m = 0; m < sizeOf(leading); m++) {
        const [left, right] = [matrixAt(a, leading, m), matrixAt(b, leading, m)];
        for (let i = 0; i < rows; i++) {
          for (let j = 0; j < columns; j++) {
            let sum = 0;
            for (let k = 0; k < depth; k++) {
              const factor = a.values[(left * rows + i) * depth + k]!;
              sum += factor * b.values[(right * depth + k) * columns + j]!;
            }
            y.push(sum);
          }
        }
      }
      return { y };
    },
    tolerance: 2e-6,
    rows: problems.map(([name, a, b]) => ({
      name,
      inputs: { a: f32(a, uniform()), b: f32(b, uniform()) },
      attrs: {},
    })),
  }),
];
