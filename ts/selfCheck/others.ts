import { adamwUpdate } from '../ops/adamwUpdate.ts';
import { adaptiveAvgPool2d } from '../ops/pools/adaptiveAvgPool2d.ts';
import { add } from '../ops/add.ts';
import { avgPool2d } from '../ops/pools/avgPool2d.ts';
import {
  batchNormBackward,
  batchNormInference,
  batchNormTrain,
} from '../ops/batchNorm/batchNorm.ts';
import { copy } from '../ops/copy.ts';
import { linear } from '../ops/linear.ts';
import { maxPool2d, maxPool2dBackward } from '../ops/pools/maxPool2d.ts';
import { multiply } from '../ops/multiply.ts';
import { relu, reluBackward } from '../ops/relu.ts';
import { sgdUpdate } from '../ops/sgdUpdate.ts';
import { softmax } from '../ops/softmax.ts';
import { softmaxCrossEntropy } from '../ops/softmaxCrossEntropy.ts';
import { subsamplePad } from '../ops/subsamplePad.ts';
import { sumPixels } from '../ops/sumPixels.ts';
import { sizeOf, type Shape } from '../base/shape.ts';
import { floats, ints, problem, type ByReference, type Problem } from './problem.ts';

/** Channels of whole blocks, and with a half one and a rest. */
const CHANNELS = [32, 29];
const POOL = {
  kernelSize: [2, 3],
  stride: [2, 1],
  padding: [1, 1, 0, 1],
  dilation: [1, 1],
  ceilMode: false,
} as const;

/** Problems of each family of kernels but convolutions: products of matrices, batch norm, pools, losses, updates, element by element. */
export function others(): Problem[] {
  const products = [3, 5, 6, 9, 10, 12].map((count) => product(count, 20, 28));
  return [...products, ...CHANNELS.flatMap(onChannels)];
}

function onChannels(channels: number): Problem[] {
  const shape: Shape = [6, channels];
  const imageShape = [1, 5, 6, channels] as const;
  const rows = floats(shape);
  const shifted = floats(shape, { shift: 0.3 });
  const images = floats(imageShape);
  const [gamma, beta, mean, variance] = [1, 0, 0, 1].map((shift) =>
    floats([channels], { shift, scale: 0.5 }),
  );
  const statistics = [gamma!, beta!, mean!, variance!];
  const [, height, width] = imageShape;
  const pooled: Shape = [1, 3, 6, channels];
  const lr = floats([], { shift: 0.1, scale: 0 });
  return [
    problem(relu, [rows], {}),
    problem(reluBackward, [rows, shifted], {}),
    problem(add, [rows, shifted], { relu: true }),
    problem(copy, [rows], {}),
    problem(multiply, [rows, shifted], {}),
    problem(sumPixels, [rows], {}),
    problem(subsamplePad, [images], { stride: 2, before: 3, after: 2 }),
    problem(batchNormTrain, [images, ...statistics], { eps: 1e-3, momentum: 0.1, relu: true }),
    problem(batchNormInference, [images, ...statistics], { eps: 1e-3, relu: true }),
    ...(['none', 'y', 'beta'] as const).map((mask) =>
      problem(
        batchNormBackward,
        [
          ...[images, floats(imageShape, { shift: 0.3 }), gamma!, mean!, variance!],
          ...{ none: [], y: [images], beta: [beta!] }[mask],
          ...(mask === 'beta' ? [] : [images]),
        ],
        { mask, residual: mask !== 'beta' },
      ),
    ),
    problem(maxPool2d, [images], POOL),
    problem(maxPool2dBackward, [floats(pooled), places(pooled, width)], {
      ...POOL,
      inputSize: [height, width],
    }),
    problem(avgPool2d, [images], { ...POOL, countIncludePad: false }),
    problem(adaptiveAvgPool2d, [images], { outputSize: [2, 3] }),
    problem(softmax, [floats(shape, { scale: 5 })], {}),
    problem(softmaxCrossEntropy, [floats(shape, { scale: 5 }), ints([6], channels)], {
      labelSmoothing: 0.1,
    }),
    ...[true, false].map((nesterov) =>
      problem(sgdUpdate, [rows, shifted, rows, lr], { momentum: 0.9, nesterov, weightDecay: 0.01 }),
    ),
    problem(adamwUpdate, [rows, shifted, rows, floats(shape, { shift: 1, scale: 0.5 }), lr, lr], {
      ...{ beta1: 0.9, beta2: 0.99, eps: 1e-8, weightDecay: 0.1 },
    }),
  ];
}

/** Few rows are multiplied by the matrix as it is, more by panels of it. */
function product(count: number, depth: number, columns: number): Problem {
  const inputs = [floats([count, depth]), floats([depth, columns]), floats([columns])];
  const byReference: ByReference = (to, [a, b, bias], [c]) =>
    to.step({
      kernel: 'gemm.f32/reference',
      chunks: 1,
      args: {
        ...{ a: a!.pointer, aStride: a!.stride, b: b!.pointer, bias: bias!.pointer },
        ...{ c: c!.pointer, cStride: c!.stride, rows: count, depth, columns },
      },
    });
  return problem(linear, inputs, { bias: true }, { byReference });
}

/** For each output of {@link POOL} the place of the first pixel of the image in its window. */
function places(shape: Shape, imageWidth: number): ReturnType<typeof ints> {
  const [, height, width, channels] = shape as [number, number, number, number];
  const { stride, padding } = POOL;
  const values = Int32Array.from({ length: sizeOf(shape) }, (_, i) => {
    const pixel = Math.floor(i / channels);
    const [row, column] = [Math.floor(pixel / width) % height, pixel % width];
    const first = (at: number, axis: 0 | 1): number =>
      Math.max(at * stride[axis] - padding[axis === 0 ? 0 : 3], 0);
    return first(row, 0) * imageWidth + first(column, 1);
  });
  return { shape, dtype: 'i32', values };
}
