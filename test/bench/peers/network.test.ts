import { afterAll, beforeAll, expect, it } from 'vitest';
import { foldNorm, scaleWeights } from '../../../bench/peers/network/foldNorm.ts';
import { captureNetwork } from '../../../bench/peers/network/captureNetwork.ts';
import { flattenChannelsFirst, transpose } from '../../../bench/peers/formats/channelsFirst.ts';
import { onnxModel } from '../../../bench/peers/formats/onnx.ts';
import { tfliteModel } from '../../../bench/peers/formats/tflite.ts';
import { init } from '../../../ts/core/init.ts';
import type { Engine } from '../../../ts/kernels/engine.ts';
import { convnext_atto } from '../../../ts/models/convnext.ts';
import { efficientnet_b0 } from '../../../ts/models/efficientnet.ts';
import { mobilenet_v2 } from '../../../ts/models/mobilenet.ts';
import { resnet50_gn } from '../../../ts/models/resnetGroupNorm.ts';
import { unet_resnet18 } from '../../../ts/models/unet.ts';
import { densenet_bc40 } from '../../../ts/models/densenet.ts';
import { resnet8 } from '../../../ts/models/cifarResnet.ts';

let engine: Engine;
beforeAll(async () => (engine = await init({ threads: 1 })));
afterAll(() => engine.close());

it('is the network with batch norm in the convolutions and ReLU in the layer before', () => {
  const { layers, weights, input, output } = captureNetwork('a', resnet8(), [2, 8, 8, 3], false);
  expect(layers.map(({ kind, relu }) => (relu ? `${kind}+relu` : kind))).toEqual([
    ...['conv2d+relu', 'conv2d+relu', 'conv2d', 'add+relu'],
    ...['conv2d+relu', 'conv2d', 'subsamplePad', 'add+relu'],
    ...['conv2d+relu', 'conv2d', 'subsamplePad', 'add+relu', 'globalAvgPool2d', 'linear'],
  ]);
  const known = new Set([input]);
  for (const layer of layers) {
    for (const name of layer.inputs) expect(known).toContain(name);
    known.add(layer.output);
    if (layer.kind === 'conv2d') expect(weights.get(layer.weight)!.shape).toHaveLength(4);
  }
  expect(known).toContain(output);
});

it('keeps batch norm, its statistics and parameters apart in training', () => {
  const network = captureNetwork('a', resnet8(), [2, 8, 8, 3], true);
  const norms = network.layers.filter(({ kind }) => kind === 'batchNorm');
  expect(norms).toHaveLength(7);
  expect(network.parameters).toHaveLength(7 * 3 + 2);
  expect(network.weights.size).toBe(7 * 5 + 2);
});

it('becomes an ONNX graph whose batch norms take and give statistics in training', () => {
  const network = captureNetwork('a', resnet8(), [2, 8, 8, 3], true);
  const { graph } = onnxModel(network);
  const norms = graph.node.filter(({ opType }) => opType === 'BatchNormalization');
  expect(norms).toHaveLength(7);
  for (const { input, output, attribute } of norms) {
    expect(input).toHaveLength(5);
    expect(output).toEqual([output[0], `${output[0]}_mean`, `${output[0]}_variance`]);
    const values = new Map(attribute.map(({ name, f, i }) => [name, f ?? i]));
    expect(Object.fromEntries(values)).toMatchObject({ momentum: 0.9, training_mode: 1 });
  }
  const initializers = graph.initializer.map(({ name }) => name);
  for (const name of network.parameters) expect(initializers).toContain(name);
});

it('becomes an ONNX graph in which every value is made before it is read', () => {
  const shape = [1, 16, 16, 3];
  const { graph } = onnxModel(captureNetwork('dense', densenet_bc40(), shape, false));
  const known = new Set(['images', ...graph.initializer.map(({ name }) => name)]);
  for (const { input, output } of graph.node) {
    for (const name of input) expect(known).toContain(name);
    for (const name of output) known.add(name);
  }
  expect(known).toContain('logits');
  const [conv] = graph.node;
  expect(conv).toMatchObject({
    opType: 'Conv',
    attribute: [{ name: 'kernel_shape', ints: [3, 3] }, {}, {}, {}, {}],
  });
  const dims = graph.initializer.find(({ name }) => name === conv!.input[1])!.dims;
  expect(dims).toEqual([24, 3, 3, 3]);
  const types = new Set(graph.node.map(({ opType }) => opType));
  expect([...types].sort()).toEqual([
    'AveragePool',
    'BatchNormalization',
    'Concat',
    'Conv',
    'Flatten',
    'Gemm',
    'GlobalAveragePool',
    'Relu',
  ]);
  for (const { dims: sizes, rawData, dataType } of graph.initializer) {
    expect(rawData.byteLength).toBe(sizes.reduce((a, b) => a * b, dataType === 1 ? 4 : 8));
  }
});

it('moves axes, and the rows of a weight behind a flattened image', () => {
  const data = Float32Array.of(0, 1, 2, 3, 4, 5);
  expect(transpose({ shape: [2, 3], data }, [1, 0])).toEqual({
    shape: [3, 2],
    data: Float32Array.of(0, 3, 1, 4, 2, 5),
  });
  const rows = flattenChannelsFirst({ shape: [6, 1], data }, [1, 3, 2]);
  expect(rows).toEqual({ shape: [6, 1], data: Float32Array.of(0, 2, 4, 1, 3, 5) });
});

it('folds batch norm as the formula says', () => {
  const vector = (...values: number[]) => ({ shape: [2], data: Float32Array.from(values) });
  const weight = { shape: [1, 1, 1, 2], data: Float32Array.of(3, 5) };
  const given = {
    bias: vector(1, 2),
    gamma: vector(2, 4),
    beta: vector(7, 8),
    runningMean: vector(1, 3),
    runningVar: vector(3, 15),
  };
  const { scale, bias } = foldNorm(given, 1);
  expect([...scaleWeights(weight, scale).data]).toEqual([3, 5]);
  expect([...bias.data]).toEqual([7, 7]);
});

it('becomes a TensorFlow Lite graph with its activations and constants in the operators', () => {
  const shape = [1, 16, 16, 3];
  const network = captureNetwork('dense', densenet_bc40(), shape, false);
  const { tensors, operators, input, output } = tfliteModel(network);
  const known = new Set([input, ...tensors.flatMap(({ data }, index) => (data ? [index] : []))]);
  for (const operator of operators) {
    for (const index of operator.inputs) expect(known.has(index) || index === -1).toBe(true);
    known.add(operator.output);
  }
  expect(known).toContain(output);
  for (const { shape: sizes, data } of tensors) {
    if (data) expect(data.length).toBe(sizes.reduce((a, b) => a * b, 1));
  }
  const [conv] = operators;
  // Padding `same`, stride 1, no activation, dilation 1.
  expect(conv!.options!.fields.map(([, , value]) => value)).toEqual([0, 1, 1, 0, 1, 1]);
  expect(tensors[conv!.inputs[1]!]!.shape).toEqual([24, 3, 3, 3]);
});

it('pads by an operator of its own where TensorFlow would pad other sides', () => {
  const { operators } = tfliteModel(captureNetwork('a', resnet8(), [1, 8, 8, 3], false));
  const [strided] = operators.filter(
    ({ options }) => options?.type === 1 && options.fields[1]![2] === 2,
  );
  expect(strided!.options!.fields[0]![2]).toBe(1);
  expect(operators[operators.indexOf(strided!) - 1]!.code).toBe(34);
});

const others = {
  mobilenet_v2: () => mobilenet_v2({ dropout: 0 }),
  efficientnet_b0: () => efficientnet_b0({ dropout: 0 }),
  convnext_atto,
  unet_resnet18,
} as const;

it.each(Object.entries(others))('%s is made of layers and becomes graphs', (name, make) => {
  const network = captureNetwork(name, make(), [1, 64, 64, 3], false);
  const { graph } = onnxModel(network);
  const values = new Set(['', 'images', ...graph.initializer.map((tensor) => tensor.name)]);
  for (const { input, output } of graph.node) {
    for (const value of input) expect(values).toContain(value);
    for (const value of output) values.add(value);
  }
  expect(values).toContain('logits');
  const { tensors, operators, input, output } = tfliteModel(network);
  const known = new Set([input, ...tensors.flatMap(({ data }, index) => (data ? [index] : []))]);
  for (const operator of operators) {
    for (const index of operator.inputs) expect(known).toContain(index);
    known.add(operator.output);
  }
  expect(known).toContain(output);
});

it('limits by ReLU6 in the depthwise convolution before it, as TensorFlow Lite has it', () => {
  const network = captureNetwork('a', others.mobilenet_v2(), [1, 64, 64, 3], false);
  expect(network.layers.filter(({ kind }) => kind === 'relu6')).toHaveLength(35);
  const { tensors, operators } = tfliteModel(network);
  const codes = new Set(operators.map(({ code }) => code));
  expect([...codes].sort((a, b) => a - b)).toEqual([0, 3, 4, 9, 34, 40]);
  const depthwise = operators.filter(({ code }) => code === 4);
  expect(depthwise).toHaveLength(17);
  // Multiplier 1, activation ReLU6.
  for (const { options } of depthwise)
    expect(options!.fields.slice(3, 5).map(([, , value]) => value)).toEqual([1, 3]);
  expect(tensors[depthwise[0]!.inputs[1]!]!.shape).toEqual([1, 3, 3, 32]);
});

it('names an op that the peers have no layer for, and its place', () => {
  const capture = (): unknown => captureNetwork('a', resnet50_gn(), [1, 64, 64, 3], false);
  expect(capture).toThrow(/network: .+: the peers have no layer for the op groupNorm/);
});
