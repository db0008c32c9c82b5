import { logOf, softmaxOf } from './softmaxOf.ts';
import { reduceAttrs, type Axes } from '../../ts/ops/reduce/axes.ts';
import { max } from '../../ts/ops/reduce/max.ts';
import { mean } from '../../ts/ops/reduce/mean.ts';
import { sum } from '../../ts/ops/reduce/sum.ts';
import { softmaxAxis } from '../../ts/ops/softmaxAxis.ts';
import { sizeOf, type Shape } from '../../ts/base/shape.ts';
import { cases, f32, type Array64, type Generator, type Row } from './case.ts';
import { distinct, halves, uniform } from './generators.ts';

/** Shapes and axes: rows, columns of every width, several groups of axes, the ends of lanes, blocks and chunks. */
const problems: readonly (readonly [name: string, x: Shape, axes?: Axes, keepDims?: boolean])[] = [
  ['a scalar', []],
  ['everything', [3, 4, 5]],
  ['no axis', [2, 5], []],
  ['axes of one element', [2, 1, 5, 1], [1, 3], true],
  ['the last', [7, 37], -1],
  ['the last, a short row', [9, 5], [1], true],
  ['the first', [13, 21], 0],
  ['a middle one', [3, 70, 19], 1],
  ['a middle one of few columns', [2, 130, 3], 1],
  ['height and width', [2, 5, 7, 11], [1, 2]],
  ['height and width, kept', [2, 5, 7, 11], [2, 1], true],
  ['all but the channels', [2, 5, 7, 11], [0, 1, 2]],
  ['apart from each other', [4, 3, 5, 6], [0, 2]],
  ['three apart from each other', [3, 2, 4, 2, 5], [0, 2, 4], true],
  ['several chunks of a row', [100_003], 0],
  ['several chunks of columns', [3, 2100, 17], 1],
  ['several chunks of rows', [700, 65], 1],
];

/** Elements of x by the result that they belong to. */
function setsOf({ shape, values }: Array64, axes: readonly number[]): number[][] {
  const left = shape.filter((_, axis) => !axes.includes(axis));
  const sets = Array.from({ length: sizeOf(left) }, (): number[] => []);
  values.forEach((value, i) => {
    let [rest, at, step] = [i, 0, 1];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      if (!axes.includes(axis)) {
        at += (rest % shape[axis]!) * step;
        step *= shape[axis]!;
      }
      rest = Math.floor(rest / shape[axis]!);
    }
    sets[at]!.push(value);
  });
  return sets;
}

function rows(op: string, values: Generator, more: typeof problems = []) {
  return [...problems, ...more].map(([name, shape, axes, keepDims]) => ({
    name,
    inputs: { x: f32(shape, values) },
    attrs: reduceAttrs(op, shape, axes, keepDims),
  }));
}

const total = (set: number[]): number => set.reduce((all, value) => all + value, 0);
const largest = (set: number[]): number => set.reduce((most, value) => Math.max(most, value));

const empty = [
  ['no elements, of which something is left', [0, 3], 0],
  ['no elements, of which nothing is left', [0, 3], 1],
] as const;

/** A softmax along each axis. */
const softmaxRows = [false, true].flatMap((log) =>
  (
    [
      ['the last', [3, 4, 17], 2],
      ['the first', [11, 5], 0],
      ['a middle one', [2, 5, 6, 19], 1],
      ['no elements', [0, 3, 2], 1],
      ['several chunks', [3, 70, 41], 1],
    ] as const
  ).map(([name, shape, axis]) => ({
    name: log ? `${name}, logarithm` : name,
    inputs: { x: f32(shape, uniform(4)) },
    attrs: { axis, log },
  })),
);

export const reductions = [
  cases({
    op: sum,
    reference: ({ x }, { axes }) => ({ y: setsOf(x, axes).map(total) }),
    tolerance: 2e-6,
    rows: rows('sum', uniform(1, 0.25), empty),
  }),
  cases({
    op: mean,
    reference: ({ x }, { axes }) => ({
      y: setsOf(x, axes).map((set) => total(set) / set.length),
    }),
    tolerance: 2e-6,
    rows: rows('mean', uniform(1, 0.25), [empty[1]]),
  }),
  cases({
    op: max,
    reference: ({ x }, { axes }) => ({ y: setsOf(x, axes).map(largest) }),
    tolerance: 0,
    gradientTolerance: 1e-6,
    rows: [
      ...rows('max', distinct, [empty[1]]),
      ...rows('max', halves).map((row): Row<unknown, unknown> => ({
        ...row,
        name: `${row.name}, ties`,
        kink: true,
      })),
    ] as ReturnType<typeof rows>,
  }),
  cases({
    op: softmaxAxis,
    reference: ({ x }, { axis, log }) => ({ y: log ? logOf(x, axis) : softmaxOf(x, axis) }),
    tolerance: 1e-6,
    gradientTolerance: 3e-6,
    rows: softmaxRows,
  }),
];
