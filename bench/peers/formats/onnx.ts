import type { Layer, Network, Weight } from '../network/layers.ts';
import type { OnnxAttribute, OnnxModel, OnnxNode, OnnxTensor, OnnxValue } from './onnxTypes.ts';
import { flattenChannelsFirst, transpose } from './channelsFirst.ts';

/** Numbers of onnx.proto: of tensor types and of attribute types. */
const FLOAT = 1;
const INT64 = 7;
const ATTRIBUTE = { f: 1, i: 2, s: 3, ints: 7 };

const integer = (name: string, i: number): OnnxAttribute => ({ name, type: ATTRIBUTE.i, i });
const float = (name: string, f: number): OnnxAttribute => ({ name, type: ATTRIBUTE.f, f });
const text = (name: string, s: string): OnnxAttribute => ({
  name,
  type: ATTRIBUTE.s,
  s: new TextEncoder().encode(s),
});
const integers = (name: string, ints: readonly number[]): OnnxAttribute => ({
  name,
  type: ATTRIBUTE.ints,
  ints,
});

/** Channels before height and width, as ONNX has images. */
const channelsFirst = ([n, ...rest]: readonly number[]): number[] =>
  rest.length === 3 ? [n!, rest[2]!, rest[0]!, rest[1]!] : [n!, ...rest];

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** Of layer norm's definition. */
const OPSET = 17;

/** A network as an ONNX model: images `[N, C, H, W]` named `images`, result `logits`, channels last. */
export function onnxModel(network: Network): OnnxModel {
  const initializer: OnnxTensor[] = [];
  const node: OnnxNode[] = [];
  const shapes = new Map<string, readonly number[]>([['images', network.inputShape]]);
  const weightOf = (name: string): Weight => network.weights.get(name)!;
  const floats = (name: string, { shape, data }: Weight): string => {
    initializer.push({ name, dims: shape, dataType: FLOAT, rawData: bytesOf(data) });
    return name;
  };
  const number = (name: string, value: number): string =>
    floats(name, { shape: [], data: Float32Array.of(value) });
  const longs = (name: string, values: readonly number[]): string => {
    const rawData = bytesOf(BigInt64Array.from(values, BigInt));
    initializer.push({ name, dims: [values.length], dataType: INT64, rawData });
    return name;
  };
  const add = (
    opType: string,
    input: readonly string[],
    output: string | readonly string[],
    attribute: readonly OnnxAttribute[] = [],
  ): void => void node.push({ opType, input, output: [output].flat(), attribute });

  const convert = (layer: Layer, output: string): void => {
    const { inputs } = layer;
    const [x] = inputs as [string];
    const vector = (name: string): string => floats(name, weightOf(name));
    switch (layer.kind) {
      case 'conv2d': {
        const weight = transpose(weightOf(layer.weight), [3, 2, 0, 1]);
        const bias = layer.bias === undefined ? [] : [vector(layer.bias)];
        return add('Conv', [x, floats(layer.weight, weight), ...bias], output, [
          integers('kernel_shape', weight.shape.slice(2)),
          integers('strides', layer.stride),
          integers('pads', beginEnd(layer.padding)),
          integers('dilations', layer.dilation),
          integer('group', layer.groups),
        ]);
      }
      case 'batchNorm': {
        const { gamma, beta, mean, variance, eps, momentum, training } = layer;
        const vectors = [gamma, beta, mean, variance].map(vector);
        const statistics = training ? [`${output}_mean`, `${output}_variance`] : [];
        return add(
          'BatchNormalization',
          [x, ...vectors],
          [output, ...statistics],
          [
            float('epsilon', eps),
            // ONNX counts the share that is kept.
            float('momentum', 1 - momentum),
            integer('training_mode', Number(training)),
          ],
        );
      }
      case 'maxPool2d':
      case 'avgPool2d':
        return add(layer.kind === 'maxPool2d' ? 'MaxPool' : 'AveragePool', [x], output, [
          integers('kernel_shape', layer.kernelSize),
          integers('strides', layer.stride),
          integers('pads', beginEnd(layer.padding)),
        ]);
      case 'linear': {
        const own = weightOf(layer.weight);
        const weight = layer.flattened ? flattenChannelsFirst(own, layer.flattened) : own;
        const bias = layer.bias === undefined ? [] : [vector(layer.bias)];
        return add('Gemm', [x, floats(layer.weight, weight), ...bias], output);
      }
      case 'globalAvgPool2d':
        add('GlobalAveragePool', [x], `${output}_image`);
        return add('Flatten', [`${output}_image`], output);
      case 'flatten':
        return add('Flatten', [x], output);
      case 'concat':
        return add('Concat', inputs, output, [integer('axis', 1)]);
      case 'subsamplePad': {
        const { stride, before, after } = layer;
        const large = 2 ** 31 - 1;
        const slice = [
          [0, 0],
          [large, large],
          [2, 3],
          [stride, stride],
        ].map((values, index) => longs(`${output}_slice${index}`, values));
        add('Slice', [x, ...slice], `${output}_small`);
        const pads = longs(`${output}_pads`, [0, before, 0, 0, 0, after, 0, 0]);
        return add('Pad', [`${output}_small`, pads], output);
      }
      case 'layerNorm': {
        const isImage = layer.shape.length === 4;
        const vectors = [layer.gamma, layer.beta].map(vector);
        const settings = [integer('axis', -1), float('epsilon', layer.eps)];
        if (!isImage) return add('LayerNormalization', [x, ...vectors], output, settings);
        add('Transpose', [x], `${output}_last`, [integers('perm', [0, 2, 3, 1])]);
        add('LayerNormalization', [`${output}_last`, ...vectors], `${output}_normal`, settings);
        return add('Transpose', [`${output}_normal`], output, [integers('perm', [0, 3, 1, 2])]);
      }
      case 'multiply': {
        if (layer.factor === undefined) return add('Mul', inputs, output);
        const factor = weightOf(layer.factor);
        const shape = layer.shape.length === 4 ? [...factor.shape, 1, 1] : factor.shape;
        return add('Mul', [x, floats(layer.factor, { ...factor, shape })], output);
      }
      case 'relu6': {
        const bounds = [0, 6].map((bound) => number(`${output}_${bound}`, bound));
        return add('Clip', [x, ...bounds], output);
      }
      case 'sigmoid':
        return add('Sigmoid', [x], output);
      case 'silu':
        add('Sigmoid', [x], `${output}_gate`);
        return add('Mul', [x, `${output}_gate`], output);
      case 'gelu':
        // The chain that ONNX Runtime makes its Gelu of.
        add('Div', [x, number(`${output}_root`, Math.SQRT2)], `${output}_scaled`);
        add('Erf', [`${output}_scaled`], `${output}_erf`);
        add('Add', [`${output}_erf`, number(`${output}_one`, 1)], `${output}_sum`);
        add('Mul', [x, `${output}_sum`], `${output}_twice`);
        return add('Mul', [`${output}_twice`, number(`${output}_half`, 0.5)], output);
      case 'reshape': {
        const shape = longs(`${output}_shape`, channelsFirst(layer.shape));
        return add('Reshape', [x, shape], output);
      }
      case 'resize': {
        const [, height, width] = shapes.get(x)!;
        const scales = [1, 1, layer.shape[1]! / height!, layer.shape[2]! / width!];
        const data = Float32Array.from(scales);
        const factors = floats(`${output}_scales`, { shape: [4], data });
        return add('Resize', [x, '', factors], output, [
          text('mode', 'nearest'),
          text('coordinate_transformation_mode', 'asymmetric'),
          text('nearest_mode', 'floor'),
        ]);
      }
      case 'add':
        return add('Add', inputs, output);
      case 'relu':
        return add('Relu', inputs, output);
    }
  };

  const logits = network.layers.at(-1)!.shape;
  const isImage = logits.length === 4;
  const named = (name: string): string => {
    if (name === network.input) return 'images';
    return name === network.output ? (isImage ? 'logits_first' : 'logits') : name;
  };
  for (const layer of network.layers) {
    const output = named(layer.output);
    const sum = layer.relu ? `${output}_sum` : output;
    convert({ ...layer, inputs: layer.inputs.map(named) }, sum);
    if (layer.relu) add('Relu', [sum], output);
    shapes.set(output, layer.shape);
  }
  if (isImage) add('Transpose', ['logits_first'], 'logits', [integers('perm', [0, 2, 3, 1])]);
  return {
    irVersion: 7,
    producerName: 'residua',
    opsetImport: [{ domain: '', version: OPSET }],
    graph: {
      name: network.name,
      node,
      initializer,
      input: [value('images', channelsFirst(network.inputShape))],
      output: [value('logits', logits)],
    },
  };
}

/** Clockwise sides as ONNX has them: top, left, bottom, right. */
function beginEnd([top, right, bottom, left]: readonly [number, number, number, number]): number[] {
  return [top, left, bottom, right];
}

function value(name: string, shape: readonly number[]): OnnxValue {
  const dim = shape.map((dimValue) => ({ dimValue }));
  return { name, type: { tensorType: { elemType: FLOAT, shape: { dim } } } };
}
