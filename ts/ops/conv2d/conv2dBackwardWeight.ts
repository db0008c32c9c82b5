import { sizeOf } from '../../base/shape.ts';
import { chooseWeightAlgorithm } from './chooseAlgorithm.ts';
import { convShape, outputShape } from './geometry.ts';
import { cutOuterProduct } from './weightCut.ts';
import { cutWinogradWeight, statisticsOf } from './winograd.ts';
import { expectShape } from '../expect.ts';
import { expectNorm, normOf } from './fusedNorm.ts';
import { lowerSum } from '../sumPixels.ts';
import { cutTapsWeight } from './tapsWeightCut.ts';
import type { Pointer } from '../../kernels/step.ts';
import type { Spec } from '../../base/shape.ts';
import type { WeightAlgorithm } from './chooseAlgorithm.ts';
import type { FusedNorm, Rows } from './forward.ts';
import type { ConvGeometry, ConvShape, Pair } from './geometry.ts';
import type { Lowering, Op } from '../op.ts';

/** A convolution's attributes, and the height and width of its kernel. */
export interface Conv2dBackwardWeightAttrs extends ConvGeometry {
  readonly kernelSize: Pair;
  /** x is read through batch norm and ReLU, whose mean, gamma, rstd and beta follow the inputs; by Winograd's algorithm alone. */
  readonly norm?: boolean;
  /** Instead of the one chosen for the geometry. */
  readonly algorithm?: WeightAlgorithm;
}

/** The weight's gradient `[KH, KW, C/groups, O]` from x `[N, H, W, C]` and dy `[N, OH, OW, O]`. */
export const conv2dBackwardWeight: Op<Conv2dBackwardWeightAttrs> = {
  name: 'conv2dBackwardWeight',
  denseOutputs: [0],
  infer(inputs, attrs) {
    const { kernelSize, inChannels, groups, outChannels } = shapeOf(inputs, attrs);
    if (attrs.norm) expectNorm('conv2dBackwardWeight', inputs.slice(2), inputs[0]!);
    return [{ shape: [...kernelSize, inChannels / groups, outChannels], dtype: 'f32' }];
  },
  lower(to, [x, dy, ...norm], [dw], attrs) {
    const conv = shapeOf([x!, dy!], attrs);
    const algorithm = attrs.algorithm ?? chooseWeightAlgorithm(conv, to.winograd);
    lowerBackwardWeight(to, conv, algorithm, x!, dy!, dw!.pointer, attrs.norm && normOf(norm));
  },
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
  norm?: FusedNorm | false,
): void {
  const size = sizeOf([...conv.kernelSize, conv.inChannels / conv.groups, conv.outChannels]);
  const most = Math.max(1, Math.min(PARTITIONS, Math.floor(PARTIAL_BYTES / (4 * size))));
  const cut = {
    outer_product: () => cutOuterProduct(conv, x.stride, most),
    taps: () => cutTapsWeight(conv, most),
    winograd_4x4: () => cutWinogradWeight(conv, most),
  };
  const { partitions, chunks, scratchBytes, args } = cut[algorithm]();
  const partials = partitions === 1 ? dw : to.workspace(4 * partitions * size);
  to.step({
    kernel: `conv2d.backward_weight.f32/${algorithm}${norm ? '_of_norm' : ''}`,
    chunks,
    scratchBytes,
    args: {
      ...{ x: x.pointer, xStride: x.stride, dy: dy.pointer, dyStride: dy.stride, dw: partials },
      ...args,
      ...(algorithm === 'winograd_4x4' && statisticsOf(norm || undefined)),
    },
  });
  if (partitions > 1) lowerSum(to, partials, size, partitions, size, dw);
}

function shapeOf([x, dy]: readonly Spec[], attrs: Conv2dBackwardWeightAttrs): ConvShape {
  const op = 'conv2dBackwardWeight';
  const conv = convShape(op, x!, attrs.kernelSize, dy!.shape.at(-1)!, attrs);
  expectShape(op, 'output gradient', dy!, outputShape(conv), 'must be');
  return conv;
}
