import { afterAll, describe, expect, it } from 'vitest';
import { tensor } from '../../ts/core/create.ts';
import { useEngine } from '../../ts/core/init.ts';
import { adaptiveAvgPool2d } from '../../ts/functions/adaptiveAvgPool2d.ts';
import { avgPool2d } from '../../ts/functions/avgPool2d.ts';
import { batchNorm } from '../../ts/functions/batchNorm.ts';
import { concat } from '../../ts/functions/concat.ts';
import { conv2d } from '../../ts/functions/conv2d.ts';
import { convTranspose2d } from '../../ts/functions/convTranspose2d.ts';
import { crossEntropy } from '../../ts/functions/crossEntropy.ts';
import { dot } from '../../ts/functions/dot.ts';
import { groupNorm } from '../../ts/functions/groupNorm.ts';
import { instanceNorm } from '../../ts/functions/instanceNorm.ts';
import { layerNorm } from '../../ts/functions/layerNorm.ts';
import { linear } from '../../ts/functions/linear.ts';
import { logSoftmax } from '../../ts/functions/logSoftmax.ts';
import { matmul } from '../../ts/functions/matmul.ts';
import { max } from '../../ts/functions/max.ts';
import { maxPool2d } from '../../ts/functions/maxPool2d.ts';
import { mean } from '../../ts/functions/mean.ts';
import type { ReduceOptions } from '../../ts/functions/reduce.ts';
import { softmax } from '../../ts/functions/softmax.ts';
import { sum } from '../../ts/functions/sum.ts';
import { globalMaxPool2d } from '../../ts/functions/globalMaxPool2d.ts';
import { blurPool2d } from '../../ts/functions/blurPool2d.ts';
import { interpolate } from '../../ts/functions/interpolate.ts';
import { localResponseNorm } from '../../ts/functions/localResponseNorm.ts';
import { padAxes } from '../../ts/functions/padAxes.ts';
import { pixelShuffle } from '../../ts/functions/pixelShuffle.ts';
import { pixelUnshuffle } from '../../ts/functions/pixelUnshuffle.ts';
import { take } from '../../ts/functions/take.ts';
import { transpose } from '../../ts/functions/transpose.ts';
import { AdamW } from '../../ts/optim/adamW.ts';
import type { Optimizer } from '../../ts/optim/optimizer.ts';
import { SGD } from '../../ts/optim/sgd.ts';
import { scope } from '../../ts/core/scope.ts';
import { gradients } from '../../ts/core/gradients.ts';
import type { Tensor } from '../../ts/core/tensor.ts';
import { goldenLabels } from '../golden/generator.ts';
import {
  hwioToOihw,
  nchwToNhwc,
  nhwcToNchw,
  oihwToHwio,
  transpose as transposed,
} from '../golden/layout.ts';
import { goldenCases, type GoldenCase } from '../golden/opCases.ts';
import { builds, engineOn } from '../helpers/engines.ts';
// Brings the depthwise kernels.
import '../../ts/functions/depthwiseConv2d.ts';

/** Arrays by name, in torch's layout. */
type Arrays = Record<string, ArrayLike<number>>;

/** Moves an array between torch's layout and ours, by the name of the input and its torch shape. */
function toOurs(name: string, values: Float32Array, shape: readonly number[]): Tensor {
  const [a, b, c, d] = shape as [number, number, number, number];
  if (shape.length === 4 && name === 'w') return tensor(oihwToHwio(values, shape), [c, d, b, a]);
  if (shape.length === 4) return tensor(nchwToNhwc(values, shape), [a, c, d, b]);
  if (shape.length === 2 && name === 'w') return tensor(transposed(values, shape), [b, a]);
  return tensor(values, shape);
}

function toTorch(
  name: string,
  { shape, values }: { shape: readonly number[]; values: ArrayLike<number> },
): ArrayLike<number> {
  if (shape.length === 4)
    return name === 'w' ? hwioToOihw(values, shape) : nhwcToNchw(values, shape);
  return shape.length === 2 && name === 'w' ? transposed(values, shape) : values;
}

/** Runs y = forward(inputs) and its gradients by all inputs but running statistics. */
function differentiate(
  { inputs, dy, expected }: GoldenCase,
  forward: (inputs: Record<string, Tensor>) => Tensor,
): Arrays {
  const tensors = Object.fromEntries(
    Object.entries(inputs).map(([name, { shape, values }]) => [name, toOurs(name, values, shape)]),
  );
  const wanted = Object.entries(tensors).filter(([name]) => !name.startsWith('running'));
  for (const [, input] of wanted) input.requiresGrad = true;
  const y = forward(tensors);
  const loss = dot(y, toOurs('y', dy!, expected.y!.shape));
  const found = gradients(
    loss,
    wanted.map(([, input]) => input),
  );
  const read = (name: string, value: Tensor): ArrayLike<number> =>
    toTorch(name, { shape: value.shape, values: value.data() });
  return {
    y: read('y', y),
    ...Object.fromEntries(wanted.map(([name], i) => [`d${name}`, read(name, found[i]!)])),
    ...Object.fromEntries(
      Object.entries(tensors)
        .filter(([name]) => name.startsWith('running'))
        .map(([name, value]) => [name, value.data()]),
    ),
  };
}

/** Steps of an optimizer on p with the gradients g1, g2, …; its state under torch's names. */
function optimize(
  { inputs }: GoldenCase,
  make: (p: Tensor) => Optimizer,
  names: Record<string, string>,
): Arrays {
  const tensors = Object.fromEntries(
    Object.entries(inputs).map(([name, { shape, values }]) => [name, tensor(values, shape)]),
  );
  const optimizer = make(tensors.p!);
  const arrays: Arrays = {};
  for (const step of [1, 2, 3]) {
    optimizer.step([tensors[`g${step}`]!]);
    arrays[`p${step}`] = tensors.p!.data();
  }
  for (const [own, torch] of Object.entries(names)) {
    arrays[torch] = optimizer.state().get(own)!.data();
  }
  optimizer.dispose();
  return arrays;
}

/** conv2d by the options of a case. */
function convolve(golden: GoldenCase): Arrays {
  return differentiate(golden, ({ x, w, b }) => {
    const { stride, dilation, groups, padding } = golden.options as {
      stride: [number, number];
      dilation: [number, number];
      groups: number;
      padding: [number, number, number, number];
    };
    const [top, bottom, left, right] = padding;
    return conv2d(x!, w!, {
      bias: b,
      stride,
      dilation,
      groups,
      padding: [top, right, bottom, left],
    });
  });
}

const runs: Readonly<Record<string, (golden: GoldenCase) => Arrays>> = {
  conv2d: convolve,
  depthwise: convolve,
  convTranspose2d: (golden) =>
    differentiate(golden, ({ x, w, b }) => {
      const { stride, padding, outputPadding, dilation, groups } = golden.options as {
        stride: [number, number];
        padding: [number, number];
        outputPadding: [number, number];
        dilation: [number, number];
        groups: number;
      };
      return convTranspose2d(x!, w!, { bias: b, stride, padding, outputPadding, dilation, groups });
    }),
  linear: (golden) => differentiate(golden, ({ x, w, b }) => linear(x!, w!, b)),
  batchNorm: (golden) =>
    differentiate(golden, ({ x, weight, bias, running_mean, running_var }) =>
      batchNorm(x!, {
        weight: weight!,
        bias: bias!,
        runningMean: running_mean!,
        runningVar: running_var!,
        ...golden.options,
      }),
    ),
  maxPool2d: (golden) => {
    const { ties, ...options } = golden.options as { ties: boolean; kernelSize: number };
    if (ties) roundToHalves(golden);
    return differentiate(golden, ({ x }) => maxPool2d(x!, options));
  },
  avgPool2d: (golden) =>
    differentiate(golden, ({ x }) => avgPool2d(x!, golden.options as { kernelSize: number })),
  padAxes: (golden) => {
    const { padding: sides, ...how } = golden.options as {
      padding: [number, number, number, number];
    };
    const [top, bottom, left, right] = sides;
    const padding = [
      [0, 0],
      [top, bottom],
      [left, right],
      [0, 0],
    ] as const;
    return differentiate(golden, ({ x }) => padAxes(x!, { ...how, padding }));
  },
  interpolate: (golden) => differentiate(golden, ({ x }) => interpolate(x!, golden.options)),
  blurPool2d: (golden) => differentiate(golden, ({ x }) => blurPool2d(x!, golden.options)),
  pixelShuffle: (golden) =>
    differentiate(golden, ({ x }) => pixelShuffle(x!, golden.options.factor as number)),
  pixelUnshuffle: (golden) =>
    differentiate(golden, ({ x }) => pixelUnshuffle(x!, golden.options.factor as number)),
  globalMaxPool2d: (golden) => differentiate(golden, ({ x }) => globalMaxPool2d(x!)),
  localResponseNorm: (golden) =>
    differentiate(golden, ({ x }) => localResponseNorm(x!, golden.options as { size: number })),
  take: (golden) => {
    const { indices, axis } = golden.options as { indices: number[]; axis: number };
    return differentiate(golden, ({ x }) => take(x!, indices, axis));
  },
  transpose: (golden) =>
    differentiate(golden, ({ x }) => transpose(x!, golden.options.permutation as number[])),
  concat: (golden) =>
    differentiate(golden, ({ x, z }) => concat([x!, z!], golden.options.axis as number)),
  crossEntropy: (golden) => {
    const [rows, classes] = golden.inputs.x!.shape as [number, number];
    const labels = tensor(goldenLabels('crossEntropy/labels', rows, classes), [rows], 'i32');
    const options = golden.options as { labelSmoothing: number };
    return differentiate(golden, ({ x }) => crossEntropy(x!, labels, options));
  },
  sgd: (golden) =>
    optimize(golden, (p) => new SGD([p], golden.options), {
      '0.momentum': 'momentum_buffer',
    }),
  adamw: (golden) =>
    optimize(golden, (p) => new AdamW([p], golden.options), {
      '0.m': 'exp_avg',
      '0.v': 'exp_avg_sq',
    }),
  adaptiveAvgPool2d: (golden) =>
    differentiate(golden, ({ x }) =>
      adaptiveAvgPool2d(x!, golden.options.outputSize as [number, number]),
    ),
  sum: (golden) => differentiate(golden, ({ x }) => sum(x!, reduceOptions(golden))),
  mean: (golden) => differentiate(golden, ({ x }) => mean(x!, reduceOptions(golden))),
  max: (golden) => {
    if (golden.options.ties) roundToHalves(golden);
    return differentiate(golden, ({ x }) => max(x!, reduceOptions(golden)));
  },
  softmax: (golden) => differentiate(golden, ({ x }) => softmax(x!, golden.options)),
  logSoftmax: (golden) => differentiate(golden, ({ x }) => logSoftmax(x!, golden.options)),
  layerNorm: (golden) =>
    differentiate(golden, ({ x, weight, bias }) => {
      const { normalizedShape, eps } = golden.options as { normalizedShape: number[]; eps: number };
      return layerNorm(x!, normalizedShape, { weight, bias, eps });
    }),
  groupNorm: (golden) =>
    differentiate(golden, ({ x, weight, bias }) => {
      const { groups, eps } = golden.options as { groups: number; eps: number };
      return groupNorm(x!, groups, { weight, bias, eps });
    }),
  instanceNorm: (golden) =>
    differentiate(golden, ({ x, weight, bias }) => {
      const { eps } = golden.options as { eps: number };
      return instanceNorm(x!, { weight, bias, eps });
    }),
  matmul: (golden) => differentiate(golden, ({ a, b }) => matmul(a!, b!)),
};

const reduceOptions = ({ options }: GoldenCase): ReduceOptions => ({
  axes: options.axes as number[],
  keepDims: options.keepDims as boolean,
});

/** Rounds the inputs of a case to halves, which makes ties. */
function roundToHalves({ inputs }: GoldenCase): void {
  for (const { values } of Object.values(inputs))
    values.forEach((v, i) => (values[i] = roundEven(2 * v) / 2));
}

/** torch.round: halves go to the even neighbour. */
function roundEven(x: number): number {
  const floor = Math.floor(x);
  if (x - floor !== 0.5) return Math.round(x);
  return floor % 2 === 0 ? floor : floor + 1;
}

/** Rounding of one f32 result: none is asked to be better. */
const ROUNDING = 2 ** -24;

const engines = await Promise.all(
  builds.filter((build) => !build.endsWith('threads')).map((build) => engineOn(build)),
);
afterAll(() => engines.forEach((engine) => engine.close()));

describe.each(Object.keys(runs))('%s against PyTorch', (op) => {
  describe.each(engines)('$build', (engine) => {
    const ratios: number[] = [];
    it.each(goldenCases(op))('$name', (golden) => {
      useEngine(engine);
      const actual = scope(() => runs[op]!(golden));
      for (const [name, { values }] of Object.entries(golden.expected)) {
        const error = relativeError(actual[name]!, values);
        const ratio = error / Math.max(golden.f32Error[name]!, ROUNDING);
        ratios.push(ratio);
        expect(ratio, `${name}: error ${error} over that of torch in f32`).toBeLessThan(5);
      }
    });
    it('errs at most twice as much as torch in f32 altogether', () => {
      const logs = ratios.map((ratio) => Math.log(Math.max(ratio, 0.1)));
      const mean = Math.exp(logs.reduce((sum, log) => sum + log, 0) / logs.length);
      expect(mean).toBeLessThan(2);
    });
  });
});

/** ‖actual − truth‖ / ‖truth‖, as the golden files state it. */
function relativeError(actual: ArrayLike<number>, truth: ArrayLike<number>): number {
  let [error, norm] = [0, 0];
  expect(actual.length).toBe(truth.length);
  for (let i = 0; i < truth.length; i++) {
    error += (actual[i]! - truth[i]!) ** 2;
    norm += truth[i]! ** 2;
  }
  return Math.sqrt(norm > 0 ? error / norm : error);
}
