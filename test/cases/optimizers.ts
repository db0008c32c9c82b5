import { accumulate } from '../../ts/ops/accumulate.ts';
import { adamwUpdate } from '../../ts/ops/adamwUpdate.ts';
import { increment } from '../../ts/ops/increment.ts';
import { nextRandomStep } from '../../ts/ops/random/nextRandomStep.ts';
import { sgdUpdate } from '../../ts/ops/sgdUpdate.ts';
import type { Shape } from '../../ts/base/shape.ts';
import { cases, f32, i32 } from './case.ts';
import { given, givenInts, uniform } from './generators.ts';

const shapes: Readonly<Record<string, Shape>> = {
  'a bias': [7],
  'a weight': [3, 3, 4, 5],
  'several chunks': [3, 3, 64, 64],
};

export const optimizers = [
  cases({
    op: accumulate,
    reference([sum, x, share], { first }) {
      sum!.values.forEach((old, i) => {
        sum!.values[i] = (first ? 0 : old) + share!.values[0]! * x!.values[i]!;
      });
      return [];
    },
    tolerance: 5e-7,
    rows: [true, false].flatMap((first) =>
      Object.entries(shapes).map(([name, shape]) => ({
        name: `${name}, ${first ? 'first' : 'later'}`,
        inputs: [f32(shape, uniform(1)), f32(shape, uniform(0.5)), f32([], given([0.3]))],
        attrs: { first },
      })),
    ),
  }),
  cases({
    op: sgdUpdate,
    reference([param, grad, buffer, lr], { momentum, nesterov, weightDecay }) {
      const step = lr!.values[0]!;
      param!.values.forEach((w, i) => {
        const g = grad!.values[i]! + weightDecay * w;
        const v = (buffer!.values[i] = momentum * buffer!.values[i]! + g);
        param!.values[i] = w - step * (nesterov ? g + momentum * v : v);
      });
      return [];
    },
    tolerance: 5e-7,
    rows: Object.entries({
      plain: { momentum: 0, nesterov: false, weightDecay: 0 },
      momentum: { momentum: 0.9, nesterov: false, weightDecay: 0 },
      decay: { momentum: 0.9, nesterov: false, weightDecay: 5e-4 },
      nesterov: { momentum: 0.9, nesterov: true, weightDecay: 5e-4 },
    }).flatMap(([kind, attrs]) =>
      Object.entries(shapes).map(([name, shape]) => ({
        name: `${name}, ${kind}`,
        inputs: [
          ...[1, 0.5, 0.3].map((scale) => f32(shape, uniform(scale))),
          f32([], given([0.1])),
        ],
        attrs,
      })),
    ),
  }),
  cases({
    op: adamwUpdate,
    reference([param, grad, first, second, count, lr], { beta1, beta2, eps, weightDecay }) {
      const [t, step] = [count!.values[0]!, lr!.values[0]!];
      param!.values.forEach((w, i) => {
        const g = grad!.values[i]!;
        const m = (first!.values[i] = beta1 * first!.values[i]! + (1 - beta1) * g);
        const v = (second!.values[i] = beta2 * second!.values[i]! + (1 - beta2) * g * g);
        const root = Math.sqrt(v / (1 - beta2 ** t)) + eps;
        param!.values[i] = w * (1 - step * weightDecay) - (step * m) / (1 - beta1 ** t) / root;
      });
      return [];
    },
    tolerance: 1e-6,
    rows: Object.entries({
      'first step': { step: 1, attrs: { beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0.01 } },
      'later step': { step: 37, attrs: { beta1: 0.8, beta2: 0.99, eps: 1e-8, weightDecay: 0.5 } },
    }).flatMap(([kind, { step, attrs }]) =>
      Object.entries(shapes).map(([name, shape]) => ({
        name: `${name}, ${kind}`,
        inputs: [
          f32(shape, uniform()),
          f32(shape, uniform()),
          f32(shape, uniform(0.1)),
          f32(shape, uniform(0.1, 0.2)),
          f32([], given([step])),
          f32([], given([0.01])),
        ],
        attrs,
      })),
    ),
  }),
  cases({
    op: increment,
    reference([x]) {
      x!.values[0]!++;
      return [];
    },
    tolerance: 0,
    rows: [
      { name: 'f32', inputs: [f32([], given([6]))], attrs: {} },
      { name: 'i32', inputs: [i32([], givenInts([-1]))], attrs: {} },
    ],
  }),
  cases({
    op: nextRandomStep,
    reference([state]) {
      const { values } = state!;
      values[2] = (values[2]! + 1) | 0;
      if (values[2] === 0) values[3]!++;
      return [];
    },
    tolerance: 0,
    rows: [
      { name: 'within the low word', inputs: [i32([4], givenInts([5, 0, 41, 0]))], attrs: {} },
      { name: 'into the high word', inputs: [i32([4], givenInts([5, 9, -1, 3]))], attrs: {} },
    ],
  }),
];
