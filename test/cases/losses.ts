import { countCorrect } from '../../ts/ops/countCorrect.ts';
import { softmax } from '../../ts/ops/softmax.ts';
import { softmaxCrossEntropy } from '../../ts/ops/softmaxCrossEntropy.ts';
import { cases, f32, i32, type Array64, type CaseInput } from './case.ts';
import { constant, given, givenInts, halves, labels, uniform } from './generators.ts';

function rowsOf({ shape, values }: Array64): number[][] {
  const classes = shape[1]!;
  return Array.from({ length: shape[0]! }, (_, row) =>
    Array.from(values.subarray(row * classes, (row + 1) * classes)),
  );
}

function probabilities(row: number[]): number[] {
  const most = Math.max(...row);
  const powers = row.map((x) => Math.exp(x - most));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

function logits(n: number, classes: number, scale: number): CaseInput[] {
  return [f32([n, classes], uniform(scale)), i32([n], labels(classes))];
}

export const losses = [
  cases({
    op: softmax,
    reference: ([x]) => [rowsOf(x!).flatMap(probabilities)],
    tolerance: 1e-6,
    gradientTolerance: 2e-6,
    rows: [
      { name: 'ten classes', inputs: [f32([6, 10], uniform(3))], attrs: {} },
      { name: 'one class', inputs: [f32([3, 1], uniform(3))], attrs: {} },
      { name: 'large logits', inputs: [f32([4, 7], uniform(200))], attrs: {} },
      { name: 'equal logits', inputs: [f32([2, 5], constant(4))], attrs: {} },
      { name: 'many classes', inputs: [f32([40, 1000], uniform(3))], attrs: {} },
      { name: 'several chunks', inputs: [f32([300, 100], uniform(3))], attrs: {} },
    ],
  }),
  cases({
    op: softmaxCrossEntropy,
    reference([x, label], { labelSmoothing: s }) {
      const rows = rowsOf(x!);
      const gradient: number[] = [];
      let loss = 0;
      rows.forEach((row, n) => {
        const most = Math.max(...row);
        const logSum = most + Math.log(row.reduce((sum, z) => sum + Math.exp(z - most), 0));
        row.forEach((z, k) => {
          const target = (1 - s) * Number(k === label!.values[n]) + s / row.length;
          loss += (target * (logSum - z)) / rows.length;
          gradient.push((Math.exp(z - logSum) - target) / rows.length);
        });
      });
      return [[loss], gradient];
    },
    tolerance: 1e-6,
    gradientTolerance: 2e-6,
    rows: [
      { name: 'ten classes', inputs: logits(6, 10, 3), attrs: { labelSmoothing: 0 } },
      { name: 'smoothed', inputs: logits(6, 10, 3), attrs: { labelSmoothing: 0.1 } },
      { name: 'large logits', inputs: logits(4, 7, 200), attrs: { labelSmoothing: 0.1 } },
      { name: 'one row', inputs: logits(1, 5, 3), attrs: { labelSmoothing: 0 } },
      { name: 'uniform target', inputs: logits(3, 4, 3), attrs: { labelSmoothing: 1 } },
      { name: 'many classes', inputs: logits(40, 1000, 3), attrs: { labelSmoothing: 0.1 } },
    ],
  }),
  cases({
    op: countCorrect,
    reference([x, label]) {
      const hits = rowsOf(x!).filter(
        (row, n) => row.indexOf(Math.max(...row)) === label!.values[n],
      );
      return [[hits.length]];
    },
    tolerance: 0,
    rows: [
      { name: 'two classes', inputs: logits(50, 2, 1), attrs: {} },
      { name: 'ties', inputs: [f32([60, 3], halves), i32([60], labels(3))], attrs: {} },
      {
        name: 'all right',
        inputs: [f32([2, 3], given([1, 5, 2, -1, -3, -0.5])), i32([2], givenInts([1, 2]))],
        attrs: {},
      },
      { name: 'many rows', inputs: logits(3000, 3, 1), attrs: {} },
    ],
  }),
];
