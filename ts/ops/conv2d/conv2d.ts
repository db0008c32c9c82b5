import { ShapeError } from '../../base/errors.ts';
import { formatShape, sizeOf } from '../../base/shape.ts';
import { chooseConvAlgorithm } from './chooseAlgorithm.ts';
import { conv2dBackwardInput } from './conv2dBackwardInput.ts';
import { conv2dBackwardWeight } from './conv2dBackwardWeight.ts';
import { lowerConv } from './forward.ts';
import { convShape, weightSizes } from './geometry.ts';
import { inferOutput } from './inferOutput.ts';
import { lowerPack, packedSize, packs } from './conv2dPack.ts';
import { reluBackward } from '../relu.ts';
import { sumPixels } from '../sumPixels.ts';
import type { Spec } from '../../base/shape.ts';
import type { ConvAlgorithm } from './chooseAlgorithm.ts';
import type { ConvGeometry, ConvShape } from './geometry.ts';
import type { Op } from '../op.ts';
import type { Norm } from '../batchNorm/norm.ts';
import type { One } from '../places.ts';

/** Places of the inputs of {@link conv2d}. */
export interface Conv2dInputs {
  x: One;
  w: One;
  /** What w is multiplied by, `[O]`: batch norm that is folded into it. Has no gradient. */
  scale?: One;
  /** Added to each pixel, `[O]`. */
  bias?: One;
  /** Added to the output, of its shape. */
  residual?: One;
  /** Batch norm that x is read through, and a ReLU after it; by F(4×4, 3×3) and 1×1. */
  norm?: Norm;
}

/** Places of the outputs of {@link conv2d}. */
export interface Conv2dOutputs {
  y: One;
}

/** Settings of {@link conv2d}. */
export interface Conv2dAttrs extends ConvGeometry {
  /** Whether the sum goes through max(·, 0). */
  readonly relu: boolean;
  /** Instead of the one chosen for the geometry. */
  readonly algorithm?: ConvAlgorithm;
}

/**
 * `y = act(x ∗ (w·scale) + bias + residual)`: x `[N, H, W, C]`, w `[KH, KW, C/groups, O]`, scale and bias `[O]`, residual and y
 * `[N, OH, OW, O]`; a cross-correlation, as in every framework.
 */
export const conv2d: Op<Conv2dInputs, Conv2dOutputs, Conv2dAttrs> = {
  name: 'conv2d',
  denseInputs: ['w'],
  fuses: { relu: true, residual: true, map: true },
  infer(inputs, attrs) {
    return inferOutput(conv2dShape(inputs.x, inputs.w, attrs), inputs);
  },
  lower(to, inputs, { y }, attrs) {
    const { x, w, scale, bias, residual, norm } = inputs;
    const { groups, relu } = attrs;
    const conv = conv2dShape(x, w, attrs);
    const algorithm = attrs.algorithm ?? chooseConvAlgorithm(conv, to.winograd);
    const asItIs = !packs(algorithm) && !scale;
    const packed = asItIs
      ? w.pointer
      : to.workspace(4 * packedSize(w.shape, { groups, algorithm }));
    if (!asItIs) lowerPack(to, w, scale, { groups, algorithm }, packed);
    lowerConv(to, { conv, algorithm, x, packed, bias, residual, norm, y, relu });
  },
  gradient(apply, { inputs: { x, w }, outputs: { y }, dys, attrs, needs }) {
    if (!dys.y) return {};
    const dy = attrs.relu ? apply(reluBackward, { dy: dys.y, y }, {}).dx : dys.y;
    const { stride, padding, dilation, groups } = attrs;
    const geometry = { stride, padding, dilation, groups };
    const { inputSize, kernelSize } = conv2dShape(x, w, attrs);
    return {
      x: needs.x ? apply(conv2dBackwardInput, { dy, w }, { ...geometry, inputSize }).dx : undefined,
      w: needs.w
        ? apply(conv2dBackwardWeight, { x, dy }, { ...geometry, kernelSize }).dw
        : undefined,
      bias: needs.bias ? apply(sumPixels, { x: dy }, {}).y : undefined,
      residual: dy,
    };
  },
  flops: ({ w }, { y }) => 2 * sizeOf(y.shape) * sizeOf(w.shape.slice(0, 3)),
};

/** Every number of the convolution of x `[N, H, W, C]` and w `[KH, KW, C/groups, O]`; throws {@link ShapeError}. */
export function conv2dShape(x: Spec, w: Spec, geometry: ConvGeometry): ConvShape {
  const { kernelSize, depth, outChannels } = weightSizes('conv2d', w);
  const [channels, wanted] = [x.shape[3], depth * geometry.groups];
  if (x.shape.length === 4 && channels !== wanted) {
    throw new ShapeError(
      `conv2d: input ${formatShape(x.shape)} has ${channels} channels but weight expects ${wanted}`,
    );
  }
  return convShape('conv2d', x, kernelSize, outChannels, geometry);
}
