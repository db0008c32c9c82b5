import {
  batchNormApply,
  batchNormInference,
  batchNormTrain,
  foldBatchNorm,
} from '../../ts/ops/batchNorm/batchNorm.ts';
import { batchNormStatistics } from '../../ts/ops/batchNorm/batchNormStatistics.ts';
import { channelMoments } from '../../ts/ops/batchNorm/channelMoments.ts';
import type { Shape } from '../../ts/base/shape.ts';
import { cases, f32, type Array64, type CaseInput } from './case.ts';
import { uniform } from './generators.ts';

const shapes: Readonly<Record<string, Shape>> = {
  images: [3, 4, 5, 6],
  'a tail of channels': [2, 3, 3, 11],
  'rows of features': [9, 5],
  'two values a channel': [2, 1, 1, 7],
  'several chunks': [4, 24, 25, 17],
};

function inputs(shape: Shape, centre = 0.25): CaseInput[] {
  const channels = [shape.at(-1)!];
  return [
    f32(shape, uniform(1, centre)),
    f32(channels, uniform(0.5, 1)),
    f32(channels, uniform()),
    f32(channels, uniform(0.1, centre)),
    f32(channels, uniform(0.5, 1)),
  ];
}

/** Calls `visit` with each channel and the indices of its elements. */
function forEachChannel(x: Array64, visit: (c: number, elements: number[]) => void): void {
  const channels = x.shape.at(-1)!;
  for (let c = 0; c < channels; c++) {
    visit(
      c,
      Array.from({ length: x.values.length / channels }, (_, p) => p * channels + c),
    );
  }
}

function normalise(
  inputs: readonly Array64[],
  attrs: { eps: number; relu: boolean },
  statistics: (c: number, elements: number[]) => { mean: number; variance: number },
): Float64Array[] {
  const [x, gamma, beta] = inputs as [Array64, Array64, Array64];
  const y = new Float64Array(x.values.length);
  const means = new Float64Array(gamma.values.length);
  const rstds = new Float64Array(gamma.values.length);
  forEachChannel(x, (c, elements) => {
    const { mean, variance } = statistics(c, elements);
    const rstd = 1 / Math.sqrt(variance + attrs.eps);
    [means[c], rstds[c]] = [mean, rstd];
    for (const i of elements) {
      const value = (x.values[i]! - mean) * rstd * gamma.values[c]! + beta.values[c]!;
      y[i] = attrs.relu ? Math.max(value, 0) : value;
    }
  });
  return [y, means, rstds];
}

const sum = (values: number[]): number => values.reduce((total, value) => total + value, 0);

export const batchNorms = [
  cases({
    op: batchNormTrain,
    reference(inputs, attrs) {
      const [x, , , runningMean, runningVar] = inputs;
      return normalise(inputs, attrs, (c, elements) => {
        const values = elements.map((i) => x!.values[i]!);
        const mean = sum(values) / values.length;
        const squares = sum(values.map((value) => (value - mean) ** 2));
        const moved = (old: number, value: number): number => old + attrs.momentum * (value - old);
        runningMean!.values[c] = moved(runningMean!.values[c]!, mean);
        runningVar!.values[c] = moved(runningVar!.values[c]!, squares / (values.length - 1));
        return { mean, variance: squares / values.length };
      });
    },
    tolerance: 2e-6,
    gradientTolerance: 1e-5,
    rows: [
      ...Object.entries(shapes).map(([name, shape]) => ({
        name,
        inputs: inputs(shape),
        attrs: { eps: 1e-5, momentum: 0.1, relu: false },
      })),
      ...Object.entries(shapes).map(([name, shape]) => ({
        name: `${name}, relu`,
        inputs: inputs(shape),
        attrs: { eps: 1e-3, momentum: 0.01, relu: true },
      })),
      {
        name: 'far from zero',
        inputs: inputs([4, 3, 4, 9], 8),
        attrs: { eps: 1e-5, momentum: 0.1, relu: false },
      },
    ],
  }),
  cases({
    op: channelMoments,
    reference([x]) {
      const channels = x!.shape.at(-1)!;
      const moments = new Float64Array(2 * channels);
      forEachChannel(x!, (c, elements) => {
        const values = elements.map((i) => x!.values[i]!);
        const mean = sum(values) / values.length;
        moments[c] = mean;
        moments[channels + c] = sum(values.map((value) => (value - mean) ** 2)) / values.length;
      });
      return [moments];
    },
    tolerance: 2e-6,
    rows: Object.entries(shapes).map(([name, shape]) => ({
      name,
      inputs: [f32(shape, uniform(1, 0.25))],
      attrs: {},
    })),
  }),
  cases({
    op: batchNormStatistics,
    reference([moments, runningMean, runningVar], { pixels, eps, momentum }) {
      const channels = runningMean!.values.length;
      const [mean, variance] = [0, 1].map((row) =>
        moments!.values.slice(row * channels, (row + 1) * channels),
      );
      const moved = (old: number, value: number): number => old + momentum * (value - old);
      for (let c = 0; c < channels; c++) {
        const unbiased = (variance![c]! * pixels) / (pixels - 1);
        runningMean!.values[c] = moved(runningMean!.values[c]!, mean![c]!);
        runningVar!.values[c] = moved(runningVar!.values[c]!, unbiased);
      }
      return [mean!, variance!.map((value) => 1 / Math.sqrt(value + eps))];
    },
    tolerance: 1e-6,
    rows: [1, 11, 300].map((channels) => ({
      name: `${channels} channels`,
      inputs: [
        f32([2, channels], uniform(0.5, 1)),
        f32([channels], uniform(0.1, 0.25)),
        f32([channels], uniform(0.5, 1)),
      ],
      attrs: { pixels: 12, eps: 1e-3, momentum: 0.1 },
    })),
  }),
  cases({
    op: batchNormInference,
    reference(inputs, attrs) {
      const [, , , mean, variance] = inputs;
      const [y] = normalise(inputs, attrs, (c) => ({
        mean: mean!.values[c]!,
        variance: variance!.values[c]!,
      }));
      return [y!];
    },
    tolerance: 1e-6,
    gradientTolerance: 5e-6,
    rows: [false, true].flatMap((relu) =>
      Object.entries(shapes).map(([name, shape]) => ({
        name: relu ? `${name}, relu` : name,
        inputs: inputs(shape),
        attrs: { eps: 1e-5, relu },
      })),
    ),
  }),
  cases({
    op: batchNormApply,
    reference(inputs, attrs) {
      const [, , , mean, rstd] = inputs;
      const statistics = (c: number): { mean: number; variance: number } => ({
        mean: mean!.values[c]!,
        variance: rstd!.values[c]! ** -2,
      });
      return [normalise(inputs, { ...attrs, eps: 0 }, statistics)[0]!];
    },
    tolerance: 1e-6,
    rows: [false, true].flatMap((relu) =>
      Object.entries(shapes).map(([name, shape]) => ({
        name: relu ? `${name}, relu` : name,
        inputs: inputs(shape),
        attrs: { relu },
      })),
    ),
  }),
  cases({
    op: foldBatchNorm,
    reference([w, ...others], { eps, bias }) {
      const old = bias ? others[0]!.values : undefined;
      const [gamma, beta, mean, variance] = (bias ? others.slice(1) : others).map((t) => t.values);
      const scale = gamma!.map((g, c) => g / Math.sqrt(variance![c]! + eps));
      return [
        w!.values.map((value, i) => value * scale[i % scale.length]!),
        scale.map((s, c) => beta![c]! + ((old?.[c] ?? 0) - mean![c]!) * s),
      ];
    },
    tolerance: 1e-6,
    rows: [
      { name: 'without bias', inputs: inputs([3, 3, 4, 10]), attrs: { eps: 1e-5, bias: false } },
      {
        name: 'with bias',
        inputs: [...inputs([1, 1, 5, 9]), f32([9], uniform())],
        attrs: { eps: 1e-3, bias: true },
      },
      { name: 'several chunks', inputs: inputs([3, 3, 64, 66]), attrs: { eps: 1e-5, bias: false } },
    ].map((row) => {
      const [w, ...others] = row.inputs;
      return {
        ...row,
        inputs: row.attrs.bias ? [w!, others.at(-1)!, ...others.slice(0, -1)] : row.inputs,
      };
    }),
  }),
];
