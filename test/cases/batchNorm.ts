import type { Shape } from '../../ts/base/shape.ts';
import { batchNormApply } from '../../ts/ops/batchNorm/batchNormApply.ts';
import { batchNormInference } from '../../ts/ops/batchNorm/batchNormInference.ts';
import { batchNormStatistics } from '../../ts/ops/batchNorm/batchNormStatistics.ts';
import { batchNormTrain } from '../../ts/ops/batchNorm/batchNormTrain.ts';
import { channelMoments } from '../../ts/ops/batchNorm/channelMoments.ts';
import { foldBatchNorm } from '../../ts/ops/batchNorm/foldBatchNorm.ts';
import { cases, f32, type Array64, type CaseInput } from './case.ts';
import { uniform } from './generators.ts';

const shapes: Readonly<Record<string, Shape>> = {
  images: [3, 4, 5, 6],
  'a tail of channels': [2, 3, 3, 11],
  'rows of features': [9, 5],
  'two values a channel': [2, 1, 1, 7],
  'several chunks': [4, 24, 25, 17],
};

type RunningNorm<T> = Record<'gamma' | 'beta' | 'runningMean' | 'runningVar', T>;

/** Parameters and running statistics for the channels of this shape. */
function runningNorm(shape: Shape, centre = 0.25): RunningNorm<CaseInput> {
  const channels = [shape.at(-1)!];
  return {
    gamma: f32(channels, uniform(0.5, 1)),
    beta: f32(channels, uniform()),
    runningMean: f32(channels, uniform(0.1, centre)),
    runningVar: f32(channels, uniform(0.5, 1)),
  };
}

function inputs(shape: Shape, centre = 0.25): RunningNorm<CaseInput> & { x: CaseInput } {
  return { x: f32(shape, uniform(1, centre)), ...runningNorm(shape, centre) };
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

/** y, and the mean and reciprocal standard deviation of each channel. */
function normalise(
  { x, gamma, beta }: Record<'x' | 'gamma' | 'beta', Array64>,
  attrs: { eps: number; relu: boolean },
  statistics: (c: number, elements: number[]) => { mean: number; variance: number },
): Record<'y' | 'mean' | 'rstd', Float64Array> {
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
  return { y, mean: means, rstd: rstds };
}

const sum = (values: number[]): number => values.reduce((total, value) => total + value, 0);

export const batchNorms = [
  cases({
    op: batchNormTrain,
    reference(inputs, attrs) {
      const { x, runningMean, runningVar } = inputs;
      return normalise(inputs, attrs, (c, elements) => {
        const values = elements.map((i) => x.values[i]!);
        const mean = sum(values) / values.length;
        const squares = sum(values.map((value) => (value - mean) ** 2));
        const moved = (old: number, value: number): number => old + attrs.momentum * (value - old);
        runningMean.values[c] = moved(runningMean.values[c]!, mean);
        runningVar.values[c] = moved(runningVar.values[c]!, squares / (values.length - 1));
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
    reference({ x }) {
      const channels = x.shape.at(-1)!;
      const moments = new Float64Array(2 * channels);
      forEachChannel(x, (c, elements) => {
        const values = elements.map((i) => x.values[i]!);
        const mean = sum(values) / values.length;
        moments[c] = mean;
        moments[channels + c] = sum(values.map((value) => (value - mean) ** 2)) / values.length;
      });
      return { moments };
    },
    tolerance: 2e-6,
    rows: Object.entries(shapes).map(([name, shape]) => ({
      name,
      inputs: { x: f32(shape, uniform(1, 0.25)) },
      attrs: {},
    })),
  }),
  cases({
    op: batchNormStatistics,
    reference({ moments, runningMean, runningVar }, { pixels, eps, momentum }) {
      const channels = runningMean.values.length;
      const [mean, variance] = [0, 1].map((row) =>
        moments.values.slice(row * channels, (row + 1) * channels),
      );
      const moved = (old: number, value: number): number => old + momentum * (value - old);
      for (let c = 0; c < channels; c++) {
        const unbiased = (variance![c]! * pixels) / (pixels - 1);
        runningMean.values[c] = moved(runningMean.values[c]!, mean![c]!);
        runningVar.values[c] = moved(runningVar.values[c]!, unbiased);
      }
      return { mean: mean!, rstd: variance!.map((value) => 1 / Math.sqrt(value + eps)) };
    },
    tolerance: 1e-6,
    rows: [1, 11, 300].map((channels) => ({
      name: `${channels} channels`,
      inputs: {
        moments: f32([2, channels], uniform(0.5, 1)),
        runningMean: f32([channels], uniform(0.1, 0.25)),
        runningVar: f32([channels], uniform(0.5, 1)),
      },
      attrs: { pixels: 12, eps: 1e-3, momentum: 0.1 },
    })),
  }),
  cases({
    op: batchNormInference,
    reference(inputs, attrs) {
      const { runningMean, runningVar } = inputs;
      const { y } = normalise(inputs, attrs, (c) => ({
        mean: runningMean.values[c]!,
        variance: runningVar.values[c]!,
      }));
      return { y };
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
    reference({ x, norm: { mean, rstd, gamma, beta } }, attrs) {
      const statistics = (c: number): { mean: number; variance: number } => ({
        mean: mean.values[c]!,
        variance: rstd.values[c]! ** -2,
      });
      return { y: normalise({ x, gamma, beta }, { ...attrs, eps: 0 }, statistics).y };
    },
    tolerance: 1e-6,
    rows: [false, true].flatMap((relu) =>
      Object.entries(shapes).map(([name, shape]) => {
        const { x, runningMean, runningVar, gamma, beta } = inputs(shape);
        return {
          name: relu ? `${name}, relu` : name,
          inputs: { x, norm: { mean: runningMean, rstd: runningVar, gamma, beta } },
          attrs: { relu },
        };
      }),
    ),
  }),
  cases({
    op: foldBatchNorm,
    reference({ bias, gamma, beta, runningMean, runningVar }, { eps }) {
      const scale = gamma.values.map((g, c) => g / Math.sqrt(runningVar.values[c]! + eps));
      return {
        scale,
        bias: scale.map((s, c) => {
          const centred = (bias?.values[c] ?? 0) - runningMean.values[c]!;
          return beta.values[c]! + centred * s;
        }),
      };
    },
    tolerance: 1e-6,
    rows: (
      [
        ['without bias', [3, 3, 4, 10], 1e-5, false],
        ['with bias', [1, 1, 5, 9], 1e-3, true],
        ['several chunks', [1, 1, 1, 300], 1e-5, false],
      ] as const
    ).map(([name, shape, eps, biased]) => ({
      name,
      inputs: {
        bias: biased ? f32([shape[3]], uniform()) : undefined,
        ...runningNorm(shape),
      },
      attrs: { eps },
    })),
  }),
];
