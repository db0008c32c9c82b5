import { add } from '../../ts/ops/add.ts';
import { dot, scaleBy } from '../../ts/ops/dot.ts';
import { fill } from '../../ts/ops/fill.ts';
import { multiply } from '../../ts/ops/multiply.ts';
import { relu } from '../../ts/ops/relu.ts';
import { sigmoid } from '../../ts/ops/sigmoid.ts';
import { sumPixels } from '../../ts/ops/sumPixels.ts';
import { sumSquares } from '../../ts/ops/sumSquares.ts';
import { sizeOf, type Shape } from '../../ts/base/shape.ts';
import { cases, f32, type Array64, type CaseInput, type Generator } from './case.ts';
import { awayFromZero, distinct, uniform } from './generators.ts';

/** Shapes that meet the ends of vectors, of rows and of chunks. */
const shapes: Readonly<Record<string, Shape>> = {
  'a scalar': [],
  'one element': [1],
  'a tail': [7],
  'no elements': [0, 3],
  images: [2, 3, 5, 6],
  'several chunks': [3, 40, 41, 17],
};

/** A row for each shape, whose inputs have it and these values. */
function rows<P extends string, A>(attrs: A, values: Readonly<Record<P, Generator>>) {
  return Object.entries(shapes).map(([name, shape]) => {
    const inputs = Object.entries<Generator>(values).map(([place, of]) => [place, f32(shape, of)]);
    return { name, attrs, inputs: Object.fromEntries(inputs) as Record<P, CaseInput> };
  });
}

const map2 = (a: Array64, b: Array64, fn: (a: number, b: number) => number): Float64Array =>
  a.values.map((value, i) => fn(value, b.values[i]!));
const sumOf = (values: Float64Array): number[] => [values.reduce((sum, value) => sum + value, 0)];

export const elementwise = [
  cases({
    op: relu,
    reference: ({ x }) => ({ y: x.values.map((value) => Math.max(value, 0)) }),
    tolerance: 0,
    gradientTolerance: 1e-6,
    rows: rows({}, { x: awayFromZero }),
  }),
  cases({
    op: sigmoid,
    reference: ({ x }) => ({ y: x.values.map((value) => 1 / (1 + Math.exp(-value))) }),
    tolerance: 2.5e-7,
    // Where y is near 1, `1 - y` has the rounding of y alone: an error of 2⁻²² for slopes down to 0.1.
    gradientTolerance: 3e-6,
    rows: [
      ...rows({}, { x: uniform(2) }),
      { name: 'saturating', inputs: { x: f32([2, 3, 5, 6], uniform(20)) }, attrs: {} },
    ],
  }),
  cases({
    op: add,
    reference: ({ a, b }, { relu }) => ({
      y: map2(a, b, (x, y) => (relu ? Math.max(x + y, 0) : x + y)),
    }),
    tolerance: 1e-7,
    gradientTolerance: 1e-6,
    rows: [
      ...rows({ relu: false }, { a: uniform(), b: uniform() }),
      ...rows({ relu: true }, { a: uniform(0.05), b: awayFromZero }).map((row) => ({
        ...row,
        name: `${row.name}, relu`,
      })),
    ],
  }),
  cases({
    op: multiply,
    reference: ({ a, b }) => ({ y: map2(a, b, (x, y) => x * y) }),
    tolerance: 1e-7,
    gradientTolerance: 1e-6,
    rows: rows({}, { a: uniform(), b: uniform() }),
  }),
  cases({
    op: scaleBy,
    reference: ({ x, s }) => ({ y: x.values.map((value) => value * s.values[0]!) }),
    tolerance: 1e-7,
    gradientTolerance: 1e-6,
    rows: rows({}, { x: uniform() }).map((row) => ({
      ...row,
      inputs: { ...row.inputs, s: f32([], uniform(1, 3)) },
    })),
  }),
  cases({
    op: dot,
    reference: ({ a, b }) => ({ y: sumOf(map2(a, b, (x, y) => x * y)) }),
    tolerance: 1e-6,
    rows: rows({}, { a: uniform(1, 0.5), b: uniform(1, 0.5) }),
  }),
  cases({
    op: sumSquares,
    reference: ({ x }) => ({ y: sumOf(x.values.map((value) => value * value)) }),
    tolerance: 1e-6,
    rows: rows({}, { x: uniform() }),
  }),
  cases({
    op: fill,
    reference: (_, { shape, value }) => ({ y: new Float64Array(sizeOf(shape)).fill(value) }),
    tolerance: 0,
    rows: Object.entries(shapes).map(([name, shape]) => ({
      name,
      inputs: {},
      attrs: { shape, value: -1.5 },
    })),
  }),
  cases({
    op: sumPixels,
    reference({ x }) {
      const channels = x.shape.at(-1) ?? 1;
      const sums = new Float64Array(channels);
      x.values.forEach((value, i) => (sums[i % channels]! += value));
      return { y: sums };
    },
    tolerance: 2e-6,
    rows: [
      { name: 'a row', inputs: { x: f32([1, 9], distinct) }, attrs: {} },
      { name: 'images', inputs: { x: f32([2, 3, 5, 6], uniform()) }, attrs: {} },
      { name: 'many pixels', inputs: { x: f32([3, 40, 41, 5], uniform()) }, attrs: {} },
      { name: 'many channels', inputs: { x: f32([3, 4099], uniform()) }, attrs: {} },
    ],
  }),
];
