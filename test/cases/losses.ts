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

function inputs(n: number, classes: number, scale: number): Record<'logits' | 'labels', CaseInput> {
  return { logits: f32([n, classes], uniform(scale)), labels: i32([n], labels(classes)) };
}

export const losses = [
  cases({
    op: softmax,
    reference: ({ x }) => ({ y: rowsOf(x).flatMap(probabilities) }),
    tolerance: 1e-6,
    gradientTolerance: 2e-6,
    rows: [
      { name: 'ten classes', inputs: { x: f32([6, 10], uniform(3)) }, attrs: {} },
      { name: 'one class', inputs: { x: f32([3, 1], uniform(3)) }, attrs: {} },
      { name: 'large logits', inputs: { x: f32([4, 7], uniform(200)) }, attrs: {} },
      { name: 'equal logits', inputs: { x: f32([2, 5], constant(4)) }, attrs: {} },
      { name: 'many classes', inputs: { x: f32([40, 1000], uniform(3)) }, attrs: {} },
      { name: 'several chunks', inputs: { x: f32([300, 100], uniform(3)) }, attrs: {} },
    ],
  }),
  cases({
    op: softmaxCrossEntropy,
    reference({ logits, labels }, { labelSmoothing: s }) {
      const rows = rowsOf(logits);
      const dlogits: number[] = [];
      let loss = 0;
      rows.forEach((row, n) => {
        const most = Math.max(...row);
        const logSum = most + Math.log(row.reduce((sum, z) => sum + Math.exp(z - most), 0));
        row.forEach((z, k) => {
          const target = (1 - s) * Number(k === labels.values[n]) + s / row.length;
          loss += (target * (logSum - z)) / rows.length;
          dlogits.push((Math.exp(z - logSum) - target) / rows.length);
        });
      });
      return { loss: [loss], dlogits };
    },
    tolerance: 1e-6,
    gradientTolerance: 2e-6,
    rows: [
      { name: 'ten classes', inputs: inputs(6, 10, 3), attrs: { labelSmoothing: 0 } },
      { name: 'smoothed', inputs: inputs(6, 10, 3), attrs: { labelSmoothing: 0.1 } },
      { name: 'large logits', inputs: inputs(4, 7, 200), attrs: { labelSmoothing: 0.1 } },
      { name: 'one row', inputs: inputs(1, 5, 3), attrs: { labelSmoothing: 0 } },
      { name: 'uniform target', inputs: inputs(3, 4, 3), attrs: { labelSmoothing: 1 } },
      { name: 'many classes', inputs: inputs(40, 1000, 3), attrs: { labelSmoothing: 0.1 } },
    ],
  }),
  cases({
    op: countCorrect,
    reference({ logits, labels }) {
      const hits = rowsOf(logits).filter(
        (row, n) => row.indexOf(Math.max(...row)) === labels.values[n],
      );
      return { correct: [hits.length] };
    },
    tolerance: 0,
    rows: [
      { name: 'two classes', inputs: inputs(50, 2, 1), attrs: {} },
      {
        name: 'ties',
        inputs: { logits: f32([60, 3], halves), labels: i32([60], labels(3)) },
        attrs: {},
      },
      {
        name: 'all right',
        inputs: {
          logits: f32([2, 3], given([1, 5, 2, -1, -3, -0.5])),
          labels: i32([2], givenInts([1, 2])),
        },
        attrs: {},
      },
      { name: 'many rows', inputs: inputs(3000, 3, 1), attrs: {} },
    ],
  }),
];
