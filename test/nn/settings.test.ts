import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compile, type CompileOptions } from '../../ts/compile/compile.ts';
import { tensor } from '../../ts/core/create.ts';
import { currentEngine, init } from '../../ts/core/init.ts';
import { normalise } from '../../ts/data/normalise.ts';
import { batchNorm, conv2d, dropout, fill, linear, maxPool2d } from '../../ts/functions/index.ts';
import { densenet40, rdn, resnet18, resnet8, vgg11 } from '../../ts/models/index.ts';
import {
  EfficientChannelAttention,
  SqueezeExcite,
  AdaptiveAvgPool2d,
  AvgPool2d,
  BasicBlock,
  BatchNorm2d,
  Bottleneck,
  Conv2d,
  DenseLayer,
  Dropout,
  Linear,
  MaxPool2d,
  ReLU,
  Sequential,
  shortcut,
  SubsamplePad,
} from '../../ts/nn/index.ts';
import { AdamW } from '../../ts/optim/adamW.ts';
import { SGD } from '../../ts/optim/sgd.ts';
import type { Shape } from '../../ts/base/shape.ts';
import type { Tensor } from '../../ts/core/tensor.ts';
import { Predictor } from '../../ts/train/predictor.ts';
import { Trainer } from '../../ts/train/trainer.ts';

beforeAll(async () => {
  await init({ threads: 1 });
});
afterAll(() => currentEngine().close());

/** As a caller without types gives it. */
const odd = (value: unknown): never => value as never;

const zeros = (...shape: number[]): Tensor =>
  tensor(new Float32Array(shape.reduce((size, axis) => size * axis, 1)), shape);
const weights = (): Tensor[] => {
  const weight = zeros(2);
  weight.requiresGrad = true;
  return [weight];
};
const normOf = (options: { eps?: number; momentum?: number; training?: boolean }): Tensor =>
  batchNorm(zeros(4, 2), {
    weight: zeros(2),
    bias: zeros(2),
    runningMean: zeros(2),
    runningVar: zeros(2),
    ...options,
  });
const dropped = (options: { p?: number; stream?: number }): Tensor =>
  dropout(zeros(2), { state: tensor([0, 0, 0, 0], [4], 'i32'), ...options });
const compiled = (shape: Shape, options?: CompileOptions): unknown =>
  compile((x) => x, [{ shape, dtype: 'f32' }], options);
const trainer = (options: object): Trainer =>
  new Trainer(new Linear(2, 2), { optimizer: new SGD(weights()), ...options });

const kinds =
  'but must be a number, [height, width], [top, right, bottom, left], "same" or "valid"';

const refused: Readonly<Record<string, readonly [act: () => unknown, message: string][]>> = {
  optimizers: [
    [() => new SGD(weights(), { lr: NaN }), 'optimizer: lr is NaN but must be a number ≥ 0'],
    [() => new SGD(weights(), { lr: 1e39 }), 'optimizer: lr is 1e+39'],
    [() => new SGD(weights(), { momentum: NaN }), 'SGD: momentum is NaN but must be a number ≥ 0'],
    [() => new SGD(weights(), { momentum: -0.1 }), 'SGD: momentum is -0.1'],
    [() => new SGD(weights(), { momentum: odd('0.9') }), 'SGD: momentum is "0.9"'],
    [() => new SGD(weights(), { weightDecay: NaN }), 'SGD: weightDecay is NaN'],
    [() => new SGD(weights(), { weightDecay: 1e39 }), 'SGD: weightDecay is 1e+39'],
    [() => new AdamW(weights(), { eps: NaN }), 'AdamW: eps is NaN but must be a number ≥ 0'],
    [() => new AdamW(weights(), { eps: -1 }), 'AdamW: eps is -1'],
    [() => new AdamW(weights(), { weightDecay: NaN }), 'AdamW: weightDecay is NaN'],
    [
      () => new AdamW(weights(), { betas: [0.9, 1] }),
      'AdamW: a beta is 1 but must be a number ≥ 0 and below 1',
    ],
    [
      () => new AdamW(weights(), { betas: odd([0.9]) }),
      'AdamW: betas are [0.9] but must be two numbers',
    ],
    [() => (new SGD(weights()).learningRate = NaN), 'optimizer: learningRate is NaN'],
  ],
  layers: [
    [() => new Linear(4, 0), 'Linear: outFeatures is 0 but must be a whole number of at least 1'],
    [() => new Linear(1.5, 2), 'Linear: inFeatures is 1.5'],
    [
      () => new Linear(9, 2, { flattened: [2, 2, 2] }),
      'Linear: flattened is [2, 2, 2] but must be [h, w, c] of 9 values',
    ],
    [() => new Conv2d(3, 0, { kernelSize: 3 }), 'Conv2d: outChannels is 0'],
    [() => new Conv2d(NaN, 4, { kernelSize: 3 }), 'Conv2d: inChannels is NaN'],
    [() => new Conv2d(3, 4, { kernelSize: 0 }), 'Conv2d: kernelSize is 0'],
    [
      () => new Conv2d(3, 4, { kernelSize: odd([3]) }),
      'Conv2d: kernelSize is [3] but must be a number or [height, width]',
    ],
    [() => new Conv2d(3, 4, { kernelSize: 3, stride: 0 }), 'Conv2d: stride is 0'],
    [
      () => new Conv2d(3, 4, { kernelSize: 3, stride: odd([1]) }),
      'Conv2d: stride is [1] but must be a number or [height, width]',
    ],
    [() => new Conv2d(3, 4, { kernelSize: 3, dilation: NaN }), 'Conv2d: dilation is NaN'],
    [() => new Conv2d(3, 4, { kernelSize: 3, groups: 0 }), 'Conv2d: groups is 0'],
    [
      () => new Conv2d(3, 4, { kernelSize: 3, padding: odd('SAME') }),
      `Conv2d: padding is "SAME" ${kinds}`,
    ],
    [
      () => new Conv2d(3, 4, { kernelSize: 3, padding: odd([1, 2, 3]) }),
      `Conv2d: padding is [1, 2, 3] ${kinds}`,
    ],
    [() => new Conv2d(3, 4, { kernelSize: 3, padding: -1 }), 'Conv2d: padding is -1'],
    [() => new MaxPool2d({ kernelSize: 0 }), 'MaxPool2d: kernelSize is 0'],
    [() => new MaxPool2d(odd({})), 'MaxPool2d: kernelSize is undefined but must be a number'],
    [() => new AvgPool2d({ kernelSize: 2, stride: odd([1]) }), 'AvgPool2d: stride is [1]'],
    [() => new AdaptiveAvgPool2d(0), 'AdaptiveAvgPool2d: outputSize is 0'],
    [() => new AdaptiveAvgPool2d(odd([7])), 'AdaptiveAvgPool2d: outputSize is [7]'],
    [() => new BatchNorm2d(0), 'BatchNorm2d: channels is 0'],
    [() => new BatchNorm2d(4, { eps: -1 }), 'BatchNorm2d: eps is -1 but must be a number ≥ 0'],
    [() => new BatchNorm2d(4, { eps: NaN }), 'BatchNorm2d: eps is NaN'],
    [
      () => new BatchNorm2d(4, { momentum: 2 }),
      'BatchNorm2d: momentum is 2 but must be a number ≥ 0 and ≤ 1',
    ],
    [() => new Dropout(NaN), 'Dropout: p is NaN'],
    [() => new Sequential(odd(3)), 'Sequential: 0 is 3 but must be a module'],
    [() => new Sequential(new ReLU(), odd(3)), 'Sequential: 1 is 3 but must be a module'],
  ],
  blocks: [
    [
      () => new BasicBlock(4, 4, { gate: odd('Skip') }),
      'BasicBlock: gate is "Skip" but must be "skip" or "transform" or "both"',
    ],
    [() => new BasicBlock(4, 4, { padding: odd('SAME') }), 'Conv2d: padding is "SAME"'],
    [
      () => new Bottleneck(8, 8, { strideOn: odd('3×3') }),
      'Bottleneck: strideOn is "3×3" but must be "3x3" or "1x1"',
    ],
    [() => new Bottleneck(8, 10), 'Conv2d: outChannels is 2.5'],
    [
      () => shortcut(odd('E'), 4, 8, { stride: 2, norm: null }),
      'shortcut: kind is "E" but must be "A" or "B" or "C" or "D"',
    ],
    [() => new SubsamplePad(4, 8, 0), 'SubsamplePad: stride is 0'],
    [() => new SqueezeExcite(0), 'Conv2d: inChannels is 0'],
    [() => new SqueezeExcite(8, { squeezed: 1.5 }), 'Conv2d: outChannels is 1.5'],
    [() => new EfficientChannelAttention(2.5), 'EfficientChannelAttention: channels is 2.5'],
    [() => rdn({ blocks: 0 }), 'ResidualDenseNet: blocks is 0'],
    [() => new DenseLayer(4, { growth: 0 }), 'DenseLayer: growth is 0'],
    [() => new DenseLayer(4, { growth: 2, bottleneck: NaN }), 'DenseLayer: bottleneck is NaN'],
    [() => new DenseLayer(4, { growth: 2, dropout: 1 }), 'Dropout: p is 1'],
  ],
  networks: [
    [
      () => resnet18({ stem: odd('CIFAR') }),
      'ResNet: stem is "CIFAR" but must be "imagenet" or "cifar"',
    ],
    [() => resnet8({ numClasses: 0 }), 'Linear: outFeatures is 0'],
    [() => densenet40({ inChannels: 0 }), 'Conv2d: inChannels is 0'],
    [() => vgg11({ dropout: 2 }), 'Dropout: p is 2'],
    [() => resnet18({ stem: 'cifar', shortcuts: odd('a') }), 'shortcut: kind is "a"'],
  ],
  functions: [
    [() => normOf({ eps: -1 }), 'batchNorm: eps is -1'],
    [() => normOf({ eps: NaN, training: true }), 'batchNorm: eps is NaN'],
    [() => normOf({ momentum: NaN, training: true }), 'batchNorm: momentum is NaN'],
    [() => dropped({ stream: 0.5 }), 'dropout: stream is 0.5'],
    [
      () => conv2d(zeros(1, 4, 4, 1), zeros(0, 0, 1, 2)),
      'conv2d: weight has shape [0, 0, 1, 2] but no axis may be 0',
    ],
    [() => conv2d(zeros(1, 4, 4, 1), zeros(3, 3, 1, 0)), 'conv2d: weight has shape [3, 3, 1, 0]'],
    [() => conv2d(zeros(0, 4, 4, 1), zeros(3, 3, 1, 2)), 'conv2d: input has shape [0, 4, 4, 1]'],
    [
      () => conv2d(zeros(1, 4, 4, 1), zeros(3, 3, 1, 2), { stride: odd([1]) }),
      'conv2d: stride is [1]',
    ],
    [
      () => conv2d(zeros(1, 4, 4, 1), zeros(3, 3, 1, 2), { padding: odd('SAME') }),
      `conv2d: padding is "SAME" ${kinds}`,
    ],
    [
      () => maxPool2d(zeros(1, 4, 4, 1), { kernelSize: odd([2, 2, 2]) }),
      'maxPool2d: kernelSize is [2, 2, 2]',
    ],
    [() => linear(zeros(2, 3), zeros(3, 0)), 'linear: weight has shape [3, 0]'],
    [() => linear(zeros(0, 3), zeros(3, 2)), 'linear: input has shape [0, 3]'],
    [() => fill([-1], 0), 'fill: shape [-1] has an axis that is not a whole number ≥ 0'],
    [() => tensor([1], [1], odd('f64')), 'tensor: dtype is "f64" but must be "f32" or "i32"'],
    [
      () => tensor([0, 1.5], [2], 'i32'),
      'tensor: value 1 is 1.5 but i32 holds 32-bit whole numbers',
    ],
    [() => tensor(odd(['0', '1']), [2], 'i32'), 'tensor: value 0 is "0" but i32'],
    [
      () => normalise(new Uint8Array(5), { mean: [0, 0], std: [1, 1] }),
      'normalise: 5 bytes, 2 means and 2 deviations do not fit together',
    ],
    [
      () => normalise(odd(new Float32Array(4)), { mean: [0], std: [1] }),
      'normalise: images are Float32Array but must be bytes',
    ],
  ],
  plans: [
    [
      () => compiled([NaN, 2]),
      'compile: input 0 has shape [NaN, 2] but its axes must be whole numbers ≥ 0',
    ],
    [
      () => compiled([2], { memoryBudget: NaN }),
      'compile: memoryBudget is NaN but must be a number ≥ 1',
    ],
    [() => new Predictor(resnet8()).plan([0, 8, 8, 3]), 'conv2d: input has shape [0, 8, 8, 3]'],
    [() => new Predictor(new Linear(2, 2)).plan([0, 2]), 'linear: input has shape [0, 2]'],
  ],
  trainers: [
    [
      () => trainer({ optimizer: undefined }),
      'Trainer: optimizer is undefined but must be an SGD or AdamW',
    ],
    [() => trainer({ schedule: 0.1 }), 'Trainer: schedule is 0.1 but must be a function'],
    [
      () => trainer({ labelSmoothing: NaN }),
      'Trainer: labelSmoothing is NaN but must be a number ≥ 0 and ≤ 1',
    ],
    [() => trainer({ memoryBudget: -1 }), 'Trainer: memoryBudget is -1 but must be a number ≥ 1'],
  ],
};

describe.each(Object.entries(refused))('settings of %s that make no sense', (_, cases) => {
  it.each(cases)('are refused where they are given: %#', (act, message) => {
    expect(act).toThrow(message);
  });
});

it('numerics that there are not are refused', async () => {
  await expect(init({ numerics: odd('FAST') })).rejects.toThrow(
    'init: numerics is "FAST" but must be "strict" or "fast"',
  );
});

it('a schedule that gives no rate ends the fit before the step', async () => {
  const model = resnet8({ inChannels: 1, seed: 1 });
  const optimizer = new SGD(model.parameters());
  const images = {
    name: 'two',
    images: new Uint8Array(128),
    labels: Uint8Array.of(0, 1),
    count: 2,
  };
  const facts = { height: 8, width: 8, channels: 1, classes: ['a', 'b'], mean: [0], std: [1] };
  for (const rate of [NaN, -1, Infinity]) {
    const given = new Trainer(model, { optimizer, schedule: () => rate, warn: () => undefined });
    await expect(given.fit({ ...images, ...facts }, { epochs: 1, batchSize: 2 })).rejects.toThrow(
      `fit: the schedule's rate of step 0 of 1 is ${rate} but must be a number ≥ 0`,
    );
    expect(given.step).toBe(0);
  }
});

it('a head for no classes leaves the old one', () => {
  const model = resnet8();
  expect(() => model.resetHead(0)).toThrow('Linear: outFeatures is 0');
  expect(model.fc.weight.data()).toHaveLength(640);
});

it('layers keep the settings that they were made with', () => {
  const options = { kernelSize: [3, 3] as [number, number], stride: [2, 2] as [number, number] };
  const layers = [new MaxPool2d(options), new AvgPool2d(options), new Conv2d(1, 1, options)];
  options.stride[0] = 1;
  options.kernelSize[0] = 1;
  for (const layer of layers) expect(layer.forward(zeros(1, 9, 9, 1)).shape).toEqual([1, 4, 4, 1]);
});
