import { adamwUpdate } from '../ops/adamwUpdate.ts';
import { at } from '../ops/args.ts';
import { adaptiveAvgPool2d } from '../ops/pools/adaptiveAvgPool2d.ts';
import { add } from '../ops/add.ts';
import { avgPool2d } from '../ops/pools/avgPool2d.ts';
import { batchNormBackward } from '../ops/batchNorm/batchNormBackward.ts';
import { batchNormInference } from '../ops/batchNorm/batchNormInference.ts';
import { batchNormTrain } from '../ops/batchNorm/batchNormTrain.ts';
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
import { floats, ints, problem, type Filled, type Problem } from './problem.ts';

/** Channels of whole blocks, and with a half one and a rest. */
export const CHANNELS = [32, 29];
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
  const around = (shift: number): Filled => floats([channels], { shift, scale: 0.5 });
  const statistics = {
    gamma: around(1),
    beta: around(0),
    runningMean: around(0),
    runningVar: around(1),
  };
  const { gamma, beta, runningMean: mean, runningVar: rstd } = statistics;
  const shiftedImages = floats(imageShape, { shift: 0.3 });
  const [, height, width] = imageShape;
  const pooled: Shape = [1, 3, 6, channels];
  const lr = floats([], { shift: 0.1, scale: 0 });
  return [
    problem(relu, { x: rows }, {}),
    problem(reluBackward, { dy: rows, y: shifted }, {}),
    problem(add, { a: rows, b: shifted }, { relu: true }),
    problem(copy, { x: rows }, {}),
    problem(multiply, { a: rows, b: shifted }, {}),
    problem(sumPixels, { x: rows }, {}),
    problem(subsamplePad, { x: images }, { stride: 2, before: 3, after: 2 }),
    problem(batchNormTrain, { x: images, ...statistics }, { eps: 1e-3, momentum: 0.1, relu: true }),
    problem(batchNormInference, { x: images, ...statistics }, { eps: 1e-3, relu: true }),
    ...[{ residual: images }, { y: images, residual: images }].map((others) => {
      const inputs = { dy: images, x: shiftedImages, norm: { mean, rstd, gamma }, ...others };
      return problem(batchNormBackward, inputs, {});
    }),
    problem(
      batchNormBackward,
      { dy: images, x: shiftedImages, norm: { mean, rstd, gamma, beta } },
      {},
    ),
    problem(maxPool2d, { x: images }, POOL),
    problem(
      maxPool2dBackward,
      { dy: floats(pooled), index: places(pooled, width) },
      {
        ...POOL,
        inputSize: [height, width],
      },
    ),
    problem(avgPool2d, { x: images }, { ...POOL, countIncludePad: false }),
    problem(adaptiveAvgPool2d, { x: images }, { outputSize: [2, 3] }),
    problem(softmax, { x: floats(shape, { scale: 5 }) }, {}),
    problem(
      softmaxCrossEntropy,
      { logits: floats(shape, { scale: 5 }), labels: ints([6], channels) },
      { labelSmoothing: 0.1 },
    ),
    ...[true, false].map((nesterov) =>
      problem(
        sgdUpdate,
        { param: rows, grad: shifted, buffer: rows, lr },
        { momentum: 0.9, nesterov, weightDecay: 0.01 },
      ),
    ),
    problem(
      adamwUpdate,
      {
        param: rows,
        grad: shifted,
        m: rows,
        v: floats(shape, { shift: 1, scale: 0.5 }),
        step: lr,
        lr,
      },
      { beta1: 0.9, beta2: 0.99, eps: 1e-8, weightDecay: 0.1 },
    ),
  ];
}

/** Few rows are multiplied by the matrix as it is, more by panels of it. */
function product(count: number, depth: number, columns: number): Problem {
  const inputs = {
    x: floats([count, depth]),
    w: floats([depth, columns]),
    bias: floats([columns]),
  };
  return problem(
    linear,
    inputs,
    {},
    {
      byReference: (to, { x, w, bias }, { y }) =>
        to.step({
          kernel: 'gemm.f32/reference',
          chunks: 1,
          args: {
            ...at('a', x),
            b: w.pointer,
            bias: bias?.pointer ?? null,
            ...at('c', y),
            rows: count,
            depth,
            columns,
          },
        }),
    },
  );
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
