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
    reference({ sum, x, share }, { first }) {
      sum.values.forEach((old, i) => {
        sum.values[i] = (first ? 0 : old) + share.values[0]! * x.values[i]!;
      });
      return {};
    },
    tolerance: 5e-7,
    rows: [true, false].flatMap((first) =>
      Object.entries(shapes).map(([name, shape]) => ({
        name: `${name}, ${first ? 'first' : 'later'}`,
        inputs: {
          sum: f32(shape, uniform(1)),
          x: f32(shape, uniform(0.5)),
          share: f32([], given([0.3])),
        },
        attrs: { first },
      })),
    ),
  }),
  cases({
    op: sgdUpdate,
    reference({ param, grad, buffer, lr }, { momentum, nesterov, weightDecay }) {
      const step = lr.values[0]!;
      param.values.forEach((w, i) => {
        const g = grad.values[i]! + weightDecay * w;
        const v = (buffer.values[i] = momentum * buffer.values[i]! + g);
        param.values[i] = w - step * (nesterov ? g + momentum * v : v);
      });
      return {};
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
        inputs: {
          param: f32(shape, uniform(1)),
          grad: f32(shape, uniform(0.5)),
          buffer: f32(shape, uniform(0.3)),
          lr: f32([], given([0.1])),
        },
        attrs,
      })),
    ),
  }),
  cases({
    op: adamwUpdate,
    reference(
      { param, grad, m: first, v: second, step: count, lr },
      { beta1, beta2, eps, weightDecay },
    ) {
      const [t, step] = [count.values[0]!, lr.values[0]!];
      param.values.forEach((w, i) => {
        const g = grad.values[i]!;
        const m = (first.values[i] = beta1 * first.values[i]! + (1 - beta1) * g);
        const v = (second.values[i] = beta2 * second.values[i]! + (1 - beta2) * g * g);
        const root = Math.sqrt(v / (1 - beta2 ** t)) + eps;
        param.values[i] = w * (1 - step * weightDecay) - (step * m) / (1 - beta1 ** t) / root;
      });
      return {};
    },
    tolerance: 1e-6,
    rows: Object.entries({
      'first step': { step: 1, attrs: { beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0.01 } },
      'later step': { step: 37, attrs: { beta1: 0.8, beta2: 0.99, eps: 1e-8, weightDecay: 0.5 } },
    }).flatMap(([kind, { step, attrs }]) =>
      Object.entries(shapes).map(([name, shape]) => ({
        name: `${name}, ${kind}`,
        inputs: {
          param: f32(shape, uniform()),
          grad: f32(shape, uniform()),
          m: f32(shape, uniform(0.1)),
          v: f32(shape, uniform(0.1, 0.2)),
          step: f32([], given([step])),
          lr: f32([], given([0.01])),
        },
        attrs,
      })),
    ),
  }),
  cases({
    op: increment,
    reference({ counter }) {
      counter.values[0]!++;
      return {};
    },
    tolerance: 0,
    rows: [
      { name: 'f32', inputs: { counter: f32([], given([6])) }, attrs: {} },
      { name: 'i32', inputs: { counter: i32([], givenInts([-1])) }, attrs: {} },
    ],
  }),
  cases({
    op: nextRandomStep,
    reference({ state: { values } }) {
      values[2] = (values[2]! + 1) | 0;
      if (values[2] === 0) values[3]!++;
      return {};
    },
    tolerance: 0,
    rows: [
      {
        name: 'within the low word',
        inputs: { state: i32([4], givenInts([5, 0, 41, 0])) },
        attrs: {},
      },
      {
        name: 'into the high word',
        inputs: { state: i32([4], givenInts([5, 9, -1, 3])) },
        attrs: {},
      },
    ],
  }),
];
