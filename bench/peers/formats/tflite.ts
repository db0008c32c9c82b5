import type { Layer, Network, Weight } from '../network/layers.ts';
import { transpose } from './channelsFirst.ts';
import { isSamePadding } from './isSamePadding.ts';
import { scaleAndShift } from './scaleAndShift.ts';
import type { TfliteModel, TfliteOperator, TfliteOptions } from './tfliteTypes.ts';

/** BuiltinOperator of schema.fbs. */
const CODE = {
  add: 0,
  averagePool: 1,
  concatenation: 2,
  conv: 3,
  depthwiseConv: 4,
  fullyConnected: 9,
  logistic: 14,
  maxPool: 17,
  mul: 18,
  relu: 19,
  relu6: 21,
  reshape: 22,
  pad: 34,
  mean: 40,
  sub: 41,
  stridedSlice: 45,
  rsqrt: 76,
  resizeNearest: 97,
  gelu: 150,
};

/** Tables of the union BuiltinOptions. */
const OPTIONS = {
  conv: 1,
  depthwiseConv: 2,
  pool: 5,
  fullyConnected: 8,
  concatenation: 10,
  add: 11,
  reshape: 17,
  mul: 21,
  pad: 22,
  reducer: 27,
  sub: 28,
  stridedSlice: 32,
};

const VALID = 1;
/** ActivationFunctionType. */
const RELU6 = 3;

type Sides = readonly [number, number, number, number];

/** A network as a TensorFlow Lite model with fused activations, in the form that TensorFlow's own converter writes. */
export function tfliteModel(network: Network): TfliteModel {
  const tensors: { name: string; shape: readonly number[]; data?: Float32Array | Int32Array }[] =
    [];
  const operators: TfliteOperator[] = [];
  const numbers = new Map<string, number>();
  const shapes = new Map<string, readonly number[]>([[network.input, network.inputShape]]);

  const tensor = (name: string, shape: readonly number[], data?: Float32Array | Int32Array) => {
    numbers.set(name, tensors.length);
    return tensors.push({ name, shape, ...(data && { data }) }) - 1;
  };
  const constant = (name: string, { shape, data }: Weight): number => tensor(name, shape, data);
  const integers = (name: string, rows: readonly (readonly number[])[]): number => {
    const [first] = rows as [readonly number[]];
    const shape = rows.length > 1 ? [rows.length, first.length] : [first.length];
    return tensor(name, shape, Int32Array.from(rows.flat()));
  };
  const weightOf = (name: string): Weight => network.weights.get(name)!;
  const add = (
    code: number,
    inputs: readonly number[],
    output: number,
    type: number,
    fields: TfliteOptions['fields'] = [],
  ): void => void operators.push({ code, inputs, output, options: { type, fields } });
  const padded = (layer: Layer, x: string, [top, right, bottom, left]: Sides): number => {
    const from = numbers.get(x)!;
    if (top + right + bottom + left === 0) return from;
    const [n, h, w, c] = shapes.get(x) as [number, number, number, number];
    const sides = [
      [0, 0],
      [top, bottom],
      [left, right],
      [0, 0],
    ];
    const pads = integers(`${layer.output}_pads`, sides);
    const to = tensor(`${layer.output}_padded`, [n, h + top + bottom, w + left + right, c]);
    add(CODE.pad, [from, pads], to, OPTIONS.pad);
    return to;
  };

  const convert = (layer: Layer): void => {
    const { inputs } = layer;
    const [x] = inputs as [string];
    const at = inputs.map((name) => numbers.get(name)!);
    const limit = limits.get(layer.output);
    const output = tensor(layer.output, layer.shape);
    if (limit) numbers.set(limit, output);
    const activation = limit ? RELU6 : Number(layer.relu);
    switch (layer.kind) {
      case 'conv2d': {
        const { stride, dilation, padding } = layer;
        const own = weightOf(layer.weight);
        const depthwise = layer.groups > 1 && layer.groups === own.shape[3];
        const weight = transpose(own, depthwise ? [2, 0, 1, 3] : [3, 0, 1, 2]);
        const size = weight.shape.slice(1, 3) as unknown as readonly [number, number];
        const same = isSamePadding(shapes.get(x)!, size, layer);
        const from = same ? at[0]! : padded(layer, x, padding);
        const filters = constant(layer.weight, weight);
        const zeros = { shape: [own.shape[3]!], data: new Float32Array(own.shape[3]!) };
        const bias = layer.bias === undefined ? zeros : weightOf(layer.bias);
        const biases = constant(layer.bias ?? `${layer.output}_zeros`, bias);
        const values = [
          ['byte', same ? 0 : VALID],
          ['int', stride[1]],
          ['int', stride[0]],
          ...(depthwise ? [['int', 1] as const] : []),
          ['byte', activation],
          ['int', dilation[1]],
          ['int', dilation[0]],
        ] as const;
        const kind = depthwise ? 'depthwiseConv' : 'conv';
        const fields = values.map(([type, value], field) => [field, type, value] as const);
        return add(CODE[kind], [from, filters, biases], output, OPTIONS[kind], fields);
      }
      case 'batchNorm': {
        const { scale, shift } = scaleAndShift(layer, weightOf);
        const product = tensor(`${layer.output}_scaled`, layer.shape);
        const factor = constant(`${layer.output}_scale`, scale);
        add(CODE.mul, [at[0]!, factor], product, OPTIONS.mul);
        const term = constant(`${layer.output}_shift`, shift);
        return add(CODE.add, [product, term], output, OPTIONS.add, [[0, 'byte', activation]]);
      }
      case 'maxPool2d':
      case 'avgPool2d': {
        const { kernelSize, stride, padding } = layer;
        // Zeros do not win a maximum here: the networks pool behind a ReLU.
        const from = padded(layer, x, padding);
        const code = layer.kind === 'maxPool2d' ? CODE.maxPool : CODE.averagePool;
        return add(code, [from], output, OPTIONS.pool, [
          [0, 'byte', VALID],
          [1, 'int', stride[1]],
          [2, 'int', stride[0]],
          [3, 'int', kernelSize[1]],
          [4, 'int', kernelSize[0]],
        ]);
      }
      case 'linear': {
        const weight = transpose(weightOf(layer.weight), [1, 0]);
        const bias = layer.bias === undefined ? -1 : constant(layer.bias, weightOf(layer.bias));
        const filters = constant(layer.weight, weight);
        return add(CODE.fullyConnected, [at[0]!, filters, bias], output, OPTIONS.fullyConnected);
      }
      case 'globalAvgPool2d':
        return add(
          CODE.mean,
          [at[0]!, integers(`${layer.output}_axes`, [[1, 2]])],
          output,
          OPTIONS.reducer,
        );
      case 'flatten': {
        const shape = integers(`${layer.output}_shape`, [layer.shape]);
        return add(CODE.reshape, [at[0]!, shape], output, OPTIONS.reshape);
      }
      case 'concat':
        return add(CODE.concatenation, at, output, OPTIONS.concatenation, [[0, 'int', 3]]);
      case 'subsamplePad': {
        const { stride, before, after } = layer;
        const from = shapes.get(x)!;
        const small = [...layer.shape.slice(0, 3), from[3]!];
        const bounds = [[0, 0, 0, 0], from, [1, stride, stride, 1]].map((values, index) =>
          integers(`${layer.output}_slice${index}`, [values]),
        );
        const slice = tensor(`${layer.output}_small`, small);
        add(CODE.stridedSlice, [at[0]!, ...bounds], slice, OPTIONS.stridedSlice);
        const none = [0, 0];
        const pads = integers(`${layer.output}_pads`, [none, none, none, [before, after]]);
        return add(CODE.pad, [slice, pads], output, OPTIONS.pad);
      }
      case 'layerNorm': {
        const axes = integers(`${layer.output}_axes`, [[layer.shape.length - 1]]);
        const one = [...layer.shape.slice(0, -1), 1];
        const step = (part: string, shape = layer.shape): number =>
          tensor(`${layer.output}_${part}`, shape);
        const mean = (from: number, part: string): number => {
          const to = step(part, one);
          add(CODE.mean, [from, axes], to, OPTIONS.reducer, [[0, 'byte', 1]]);
          return to;
        };
        const [centred, square, shifted, factor, normal, scaled] = [
          step('centred'),
          step('square'),
          step('shifted', one),
          step('factor', one),
          step('normal'),
          step('scaled'),
        ];
        const eps = { shape: [1], data: Float32Array.of(layer.eps) };
        add(CODE.sub, [at[0]!, mean(at[0]!, 'mean')], centred, OPTIONS.sub);
        add(CODE.mul, [centred, centred], square, OPTIONS.mul);
        const variance = mean(square, 'variance');
        add(CODE.add, [variance, constant(`${layer.output}_eps`, eps)], shifted, OPTIONS.add);
        operators.push({ code: CODE.rsqrt, inputs: [shifted], output: factor });
        add(CODE.mul, [centred, factor], normal, OPTIONS.mul);
        const gamma = constant(layer.gamma, weightOf(layer.gamma));
        add(CODE.mul, [normal, gamma], scaled, OPTIONS.mul);
        const beta = constant(layer.beta, weightOf(layer.beta));
        return add(CODE.add, [scaled, beta], output, OPTIONS.add);
      }
      case 'multiply': {
        const { factor } = layer;
        const other = factor === undefined ? at[1]! : constant(factor, weightOf(factor));
        return add(CODE.mul, [at[0]!, other], output, OPTIONS.mul);
      }
      case 'sigmoid':
        return void operators.push({ code: CODE.logistic, inputs: at, output });
      case 'silu': {
        const gate = tensor(`${layer.output}_gate`, layer.shape);
        operators.push({ code: CODE.logistic, inputs: at, output: gate });
        return add(CODE.mul, [at[0]!, gate], output, OPTIONS.mul);
      }
      case 'gelu':
        return void operators.push({ code: CODE.gelu, inputs: at, output });
      case 'relu6':
        return void operators.push({ code: CODE.relu6, inputs: at, output });
      case 'reshape': {
        const shape = integers(`${layer.output}_shape`, [layer.shape]);
        return add(CODE.reshape, [at[0]!, shape], output, OPTIONS.reshape);
      }
      case 'resize': {
        const size = integers(`${layer.output}_size`, [layer.shape.slice(1, 3)]);
        return void operators.push({ code: CODE.resizeNearest, inputs: [at[0]!, size], output });
      }
      case 'add':
        return add(CODE.add, at, output, OPTIONS.add, [[0, 'byte', activation]]);
      case 'relu':
        return void operators.push({ code: CODE.relu, inputs: at, output });
    }
  };

  const limits = limitsOf(network);
  const input = tensor('images', network.inputShape);
  numbers.set(network.input, input);
  for (const layer of network.layers) {
    if (!numbers.has(layer.output)) convert(layer);
    shapes.set(layer.output, layer.shape);
  }
  return { tensors, operators, input, output: numbers.get(network.output)! };
}

/** ReLU6 by the convolution or sum whose result it alone reads: TensorFlow's converter makes it their activation. */
function limitsOf({ layers, output }: Network): ReadonlyMap<string, string> {
  const readers = new Map<string, Layer[]>();
  for (const layer of layers) {
    for (const name of layer.inputs) readers.set(name, [...(readers.get(name) ?? []), layer]);
  }
  return new Map(
    layers.flatMap((layer): [string, string][] => {
      const [reader, ...others] = readers.get(layer.output) ?? [];
      const alone = reader?.kind === 'relu6' && others.length === 0 && layer.output !== output;
      const able = (layer.kind === 'conv2d' || layer.kind === 'add') && !layer.relu;
      return alone && able ? [[layer.output, reader.output]] : [];
    }),
  );
}
