import { channelsOf, sizeOf } from '../../base/shape.ts';
import { chooseWeightAlgorithm } from './chooseAlgorithm.ts';
import { depthwiseKernels } from './depthwiseKernels.ts';
import { convShape, outputShape } from './geometry.ts';
import { cutOuterProduct } from './weightCut.ts';
import { cutWinogradWeight } from './winograd.ts';
import { expectShape } from '../expect.ts';
import { expectNorm, type Norm } from '../batchNorm/norm.ts';
import { pointersOf } from './fusedNorm.ts';
import { lowerSum } from '../sumPixels.ts';
import { cutTapsWeight } from './tapsWeightCut.ts';
import type { Pointer } from '../../kernels/step.ts';
import type { Spec } from '../../base/shape.ts';
import type { WeightAlgorithm } from './chooseAlgorithm.ts';
import type { Rows } from './forward.ts';
import type { ConvGeometry, ConvShape, Pair } from './geometry.ts';
import type { Lowering, Op, View } from '../op.ts';
import type { Of, One } from '../places.ts';

/** Places of the inputs of {@link conv2dBackwardWeight}. */
export interface Conv2dBackwardWeightInputs {
  x: One;
  dy: One;
  /** Batch norm that x is read through, and a ReLU after it; by Winograd's algorithm alone. */
  norm?: Norm;
}

/** Places of the outputs of {@link conv2dBackwardWeight}. */
export interface Conv2dBackwardWeightOutputs {
  dw: One;
}

/** A convolution's attributes, and the height and width of its kernel. */
export interface Conv2dBackwardWeightAttrs extends ConvGeometry {
  readonly kernelSize: Pair;
  /** Instead of the one chosen for the geometry. */
  readonly algorithm?: WeightAlgorithm;
}

/** The gradient dw `[KH, KW, C/groups, O]` of a convolution's weight, from x `[N, H, W, C]` and dy `[N, OH, OW, O]`. */
export const conv2dBackwardWeight: Op<
  Conv2dBackwardWeightInputs,
  Conv2dBackwardWeightOutputs,
  Conv2dBackwardWeightAttrs
> = {
  name: 'conv2dBackwardWeight',
  denseOutputs: ['dw'],
  infer({ x, dy, norm }, attrs) {
    const { kernelSize, inChannels, groups, outChannels } = backwardWeightShape(x, dy, attrs);
    if (norm) expectNorm('conv2dBackwardWeight', norm, x);
    return { dw: { shape: [...kernelSize, inChannels / groups, outChannels], dtype: 'f32' } };
  },
  lower(to, { x, dy, norm }, { dw }, attrs) {
    const conv = backwardWeightShape(x, dy, attrs);
    const algorithm = attrs.algorithm ?? chooseWeightAlgorithm(conv, to.winograd);
    lowerBackwardWeight(to, conv, algorithm, x, dy, dw.pointer, norm);
  },
  flops: ({ dy }, { dw }) => 2 * sizeOf(dy.shape) * sizeOf(dw.shape.slice(0, 3)),
};

/** Memory for all partial gradients of a layer at most. */
const PARTIAL_BYTES = 8 * 1024 * 1024;
/** Partial gradients at most: their number must not depend on the threads. */
const PARTITIONS = 8;

/** Emits the steps: partial sums over ranges of the batch, then their sum in fixed order. */
export function lowerBackwardWeight(
  to: Lowering,
  conv: ConvShape,
  algorithm: WeightAlgorithm,
  x: Rows,
  dy: Rows,
  dw: Pointer,
  norm?: Of<Norm, View>,
): void {
  const size = sizeOf([...conv.kernelSize, conv.inChannels / conv.groups, conv.outChannels]);
  const most = Math.max(1, Math.min(PARTITIONS, Math.floor(PARTIAL_BYTES / (4 * size))));
  const cut = {
    outer_product: () => cutOuterProduct(conv, x.stride, most),
    taps: () => cutTapsWeight(conv, most),
    winograd_4x4: () => cutWinogradWeight(conv, most),
    depthwise: () => depthwiseKernels().cutDepthwiseWeight(conv, most),
  };
  const { partitions, chunks, scratchBytes, args } = cut[algorithm]();
  const partials = partitions === 1 ? dw : to.workspace(4 * partitions * size);
  to.step({
    kernel: `conv2d.backward_weight.f32/${algorithm}${norm ? '_of_norm' : ''}`,
    chunks,
    scratchBytes,
    args: {
      x: x.pointer,
      xStride: x.stride,
      dy: dy.pointer,
      dyStride: dy.stride,
      dw: partials,
      ...args,
      ...(algorithm === 'winograd_4x4' && pointersOf(norm)),
    },
  });
  if (partitions > 1) lowerSum(to, partials, size, partitions, size, dw);
}

/** Every number of the convolution whose weight gets a gradient; throws ShapeError. */
export function backwardWeightShape(
  x: Spec,
  dy: Spec,
  attrs: Conv2dBackwardWeightAttrs,
): ConvShape {
  const op = 'conv2dBackwardWeight';
  const conv = convShape(op, x, attrs.kernelSize, channelsOf(dy.shape), attrs);
  expectShape(op, 'output gradient', dy, outputShape(conv), 'must be');
  return conv;
}
