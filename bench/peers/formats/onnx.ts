import type { Layer, Network, Weight } from '../network/layers.ts';
import type { OnnxAttribute, OnnxModel, OnnxNode, OnnxTensor, OnnxValue } from './onnxTypes.ts';
import { flattenChannelsFirst, transpose } from './channelsFirst.ts';

/** Numbers of onnx.proto: of tensor types and of attribute types. */
const FLOAT = 1;
const INT64 = 7;
const ATTRIBUTE = { f: 1, i: 2, ints: 7 };

const integer = (name: string, i: number): OnnxAttribute => ({ name, type: ATTRIBUTE.i, i });
const float = (name: string, f: number): OnnxAttribute => ({ name, type: ATTRIBUTE.f, f });
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

/** Of batch norm's definition with statistics of the batch. */
const OPSET = 15;

/** A network as an ONNX model: images `[N, C, H, W]` named `images`, result `logits`. */
export function onnxModel(network: Network): OnnxModel {
  const initializer: OnnxTensor[] = [];
  const node: OnnxNode[] = [];
  const weightOf = (name: string): Weight => network.weights.get(name)!;
  const floats = (name: string, { shape, data }: Weight): string => {
    initializer.push({ name, dims: shape, dataType: FLOAT, rawData: bytesOf(data) });
    return name;
  };
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
      case 'add':
        return add('Add', inputs, output);
      case 'relu':
        return add('Relu', inputs, output);
    }
  };

  const named = (name: string): string =>
    name === network.input ? 'images' : name === network.output ? 'logits' : name;
  for (const layer of network.layers) {
    const output = named(layer.output);
    const sum = layer.relu ? `${output}_sum` : output;
    convert({ ...layer, inputs: layer.inputs.map(named) }, sum);
    if (layer.relu) add('Relu', [sum], output);
  }
  const logits = network.layers.at(-1)!.shape;
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
