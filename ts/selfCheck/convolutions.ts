import type { ConvAlgorithm, WeightAlgorithm } from '../ops/conv2d/chooseAlgorithm.ts';
import { conv2d, type Conv2dInputs, type Conv2dOutputs } from '../ops/conv2d/conv2d.ts';
import {
  conv2dBackwardInput,
  type Conv2dBackwardInputInputs,
  type Conv2dBackwardInputOutputs,
} from '../ops/conv2d/conv2dBackwardInput.ts';
import {
  conv2dBackwardWeight,
  type Conv2dBackwardWeightInputs,
  type Conv2dBackwardWeightOutputs,
} from '../ops/conv2d/conv2dBackwardWeight.ts';
import {
  convShape,
  geometryArgs,
  outputShape,
  type ConvGeometry,
  type ConvShape,
  type Pair,
} from '../ops/conv2d/geometry.ts';
import { channelsOf, type Shape } from '../base/shape.ts';
import { at } from '../ops/args.ts';
import { floats, problem, type ByReference, type Problem } from './problem.ts';

/** A convolution of few pixels, whose channels end with a whole block, a half one or a rest. */
interface Convolution extends ConvGeometry {
  readonly x: Shape;
  readonly w: Shape;
}

/** A square kernel at a stride, with zeros around the image. */
function convolution(x: Shape, side: number, outChannels: number, stride = 1): Convolution {
  const padding = Math.floor(side / 2);
  return {
    x,
    w: [side, side, channelsOf(x), outChannels],
    stride: [stride, stride],
    padding: [padding, padding, padding, padding],
    dilation: [1, 1],
    groups: 1,
  };
}

/**
 * Counts of pixels, images or tiles, by what is read and computed of each: all heights of a tile, on columns of a whole block, a half one and
 * a rest, and channels of all three that are read.
 */
const SIZES: readonly (readonly [count: number, from: number, to: number])[] = [
  [3, 8, 24],
  [5, 8, 24],
  [6, 8, 24],
  [6, 12, 28],
  [3, 28, 28],
];

/** A kernel, and the image, side and stride of a convolution that it computes so many pixels, images or tiles of. */
type Kind = readonly [ConvAlgorithm, (count: number, channels: number) => [Shape, number, number?]];

const KINDS: readonly Kind[] = [
  ['pointwise', (count, channels) => [[1, 1, count, channels], 1]],
  ['implicit_gemm', (count, channels) => [[1, 2, count, channels], 3]],
  ['positions', (count, channels) => [[count, 2, 2, channels], 3]],
];
const FAST_KINDS: readonly Kind[] = [
  ['winograd_4x4', (count, channels) => [[1, 4, 4 * count - 1, channels], 3]],
  ['winograd_4x4_lean', (count, channels) => [[1, 4, 4 * count - 1, channels], 3]],
  ['winograd_2x2_strided', (count, channels) => [[1, 4, 4 * count - 1, channels], 3, 2]],
  ['winograd_2x2_strided_lean', (count, channels) => [[1, 4, 4 * count - 1, channels], 3, 2]],
];

const WEIGHT: readonly [WeightAlgorithm, Convolution][] = [
  ['outer_product', convolution([1, 5, 4, 3], 3, 24, 2)],
  ['outer_product', convolution([1, 5, 4, 5], 3, 24, 2)],
  ['outer_product', convolution([1, 5, 4, 6], 3, 28)],
  ['outer_product', convolution([1, 3, 5, 12], 1, 40)],
  ['taps', convolution([1, 3, 4, 8], 3, 24)],
  ['taps', convolution([1, 3, 4, 20], 3, 24)],
];
const FAST_WEIGHT = [8, 20].map((channels) => convolution([1, 5, 9, channels], 3, 28));

/** Depthwise kernels of each size and stride that has tiles of its own, and one that has none, on rows of both tiles: at their ends, and between them. */
const DEPTHWISE = (
  [
    [3, 1],
    [3, 2],
    [5, 1],
    [5, 2],
    [7, 1],
    [4, 1],
  ] as const
).flatMap(([side, stride]) =>
  [21, 12].map((outputs) => {
    const conv = convolution([1, side, stride * outputs, 28], side, 28, stride);
    return { ...conv, w: [side, side, 1, 28], groups: 28 };
  }),
);

/** The depthwise convolutions that are looked at where an engine has the extra module. */
export const depthwiseConvolutions = (): Problem[] =>
  DEPTHWISE.flatMap((conv) => [forward, input, weight].map((pass) => pass('depthwise', conv)));

/** The convolutions that are looked at; `fast` adds Winograd's algorithms. */
export function convolutions(fast: boolean): Problem[] {
  const kinds = fast ? [...KINDS, ...FAST_KINDS] : KINDS;
  const each = kinds.flatMap(([algorithm, shapeOf]) =>
    SIZES.flatMap(([count, from, to]) => {
      const of = (channels: number, outChannels: number): Convolution => {
        const [x, side, stride] = shapeOf(count, channels);
        return convolution(x, side, outChannels, stride);
      };
      const y = forward(algorithm, of(from, to));
      // The gradient of the strided ones is made of others.
      return algorithm.includes('strided') ? [y] : [y, input(algorithm, of(to, from))];
    }),
  );
  return [
    ...each,
    ...WEIGHT.map(([algorithm, conv]) => weight(algorithm, conv)),
    ...(fast ? FAST_WEIGHT.map((conv) => weight('winograd_4x4', conv)) : []),
  ];
}

function forward(algorithm: ConvAlgorithm, conv: Convolution): Problem {
  const { x, w, ...geometry } = conv;
  const y = outputOf(conv);
  const inputs = {
    x: floats(x),
    w: floats(w),
    bias: floats([channelsOf(w)]),
    residual: floats(y),
  };
  const attrs = { ...geometry, relu: true, algorithm };
  const byReference: ByReference<Conv2dInputs, Conv2dOutputs> = (to, views, { y: output }) => {
    const [, height, width] = y as [number, number, number];
    to.step({
      kernel: 'conv2d.forward.f32/reference',
      chunks: 1,
      args: {
        ...at('x', views.x),
        w: views.w.pointer,
        bias: views.bias?.pointer ?? null,
        residual: views.residual?.pointer ?? null,
        residualStride: views.residual?.stride ?? 0,
        ...at('y', output),
        yColumn: 1,
        yRow: width,
        yImage: height * width,
        relu: 1,
        most: Infinity,
        ...geometryArgs(shapeOf(conv)),
      },
    });
  };
  return problem(conv2d, inputs, attrs, { byReference, same: `forward ${nameOf(conv)}` });
}

function input(algorithm: ConvAlgorithm, conv: Convolution): Problem {
  const { x, w, ...geometry } = conv;
  const attrs = { ...geometry, inputSize: [x[1]!, x[2]!] as Pair, algorithm };
  const inputs = { dy: floats(outputOf(conv)), w: floats(w) };
  const byReference: ByReference<Conv2dBackwardInputInputs, Conv2dBackwardInputOutputs> = (
    to,
    { dy, w: weights },
    { dx },
  ) =>
    to.step({
      kernel: 'conv2d.backward_input.f32/reference',
      chunks: 1,
      args: {
        ...at('dy', dy),
        w: weights.pointer,
        ...at('dx', dx),
        ...geometryArgs(shapeOf(conv)),
      },
    });
  return problem(conv2dBackwardInput, inputs, attrs, {
    byReference,
    same: `input ${nameOf(conv)}`,
  });
}

function weight(algorithm: WeightAlgorithm, conv: Convolution): Problem {
  const { x, w, ...geometry } = conv;
  const attrs = { ...geometry, kernelSize: [w[0]!, w[1]!] as Pair, algorithm };
  const inputs = { x: floats(x), dy: floats(outputOf(conv)) };
  const byReference: ByReference<Conv2dBackwardWeightInputs, Conv2dBackwardWeightOutputs> = (
    to,
    { x: image, dy },
    { dw },
  ) =>
    to.step({
      kernel: 'conv2d.backward_weight.f32/reference',
      chunks: 1,
      args: {
        ...at('x', image),
        ...at('dy', dy),
        dw: dw.pointer,
        ...geometryArgs(shapeOf(conv)),
        partitions: 1,
      },
    });
  return problem(conv2dBackwardWeight, inputs, attrs, {
    byReference,
    same: `weight ${nameOf(conv)}`,
  });
}

const nameOf = ({ x, w, stride, groups }: Convolution): string => [x, w, stride, groups].join(' ');

/** Numbers of a convolution. */
function shapeOf({ x, w, ...geometry }: Convolution): ConvShape {
  const kernelSize: Pair = [w[0]!, w[1]!];
  return convShape('conv2d', { shape: x, dtype: 'f32' }, kernelSize, w[3]!, geometry);
}

const outputOf = (conv: Convolution): Shape => outputShape(shapeOf(conv));
