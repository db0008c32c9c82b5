import { ShapeError } from '../../base/errors.ts';
import { formatShape } from '../../base/shape.ts';
import { chooseConvAlgorithm } from './chooseAlgorithm.ts';
import { conv2dBackwardInput } from './conv2dBackwardInput.ts';
import { conv2dBackwardWeight } from './conv2dBackwardWeight.ts';
import { lowerConv } from './forward.ts';
import { convShape, outputShape, weightSizes } from './geometry.ts';
import { lowerPack, packedSize } from './conv2dPack.ts';
import { expectShape } from '../expect.ts';
import { expectNorm, NORM_INPUTS, normOf } from './fusedNorm.ts';
import { reluBackward } from '../relu.ts';
import { sumPixels } from '../sumPixels.ts';
import type { Spec } from '../../base/shape.ts';
import type { ConvAlgorithm } from './chooseAlgorithm.ts';
import type { ConvGeometry, ConvShape, Pair } from './geometry.ts';
import type { Conv2dPackAttrs } from './conv2dPack.ts';
import type { Op } from '../op.ts';

/** Inputs are x, w, then bias, residual and what `norm` names where the attributes say so. */
export interface Conv2dAttrs extends ConvGeometry {
  /** Input 2 is added to each pixel, `[O]`. */
  readonly bias: boolean;
  /** The input after those is added to the output, of its shape. */
  readonly residual: boolean;
  /** x is read through batch norm and ReLU, whose mean, gamma, rstd and beta come last; by F(4×4, 3×3) and 1×1. */
  readonly norm?: boolean;
  /** Whether the sum goes through max(·, 0). */
  readonly relu: boolean;
  /** Instead of the one chosen for the geometry. */
  readonly algorithm?: ConvAlgorithm;
  /** Input 1 is the result of conv2dPack for `algorithm`; the two attributes below then say what it holds. */
  readonly packed?: boolean;
  readonly kernelSize?: Pair;
  readonly outChannels?: number;
}

/**
 * `y = act(x ∗ w + bias + residual)`: x `[N, H, W, C]`, w `[KH, KW, C/groups, O]`, y `[N, OH, OW, O]`;
 * a cross-correlation, as in every framework.
 */
export const conv2d: Op<Conv2dAttrs> = {
  name: 'conv2d',
  denseInputs: [1],
  infer(inputs, attrs) {
    const conv = shapeOf(inputs, attrs);
    const shape = outputShape(conv);
    if (attrs.bias) expectShape('conv2d', 'bias', inputs[2]!, [conv.outChannels], 'must be');
    if (attrs.residual)
      expectShape('conv2d', 'residual', residualOf(inputs, attrs), shape, 'the output');
    if (attrs.norm) expectNorm('conv2d', inputs.slice(-NORM_INPUTS), inputs[0]!);
    return [{ shape, dtype: 'f32' }];
  },
  lower(to, inputs, [y], attrs) {
    const conv = shapeOf(inputs, attrs);
    const [x, w] = [inputs[0]!, inputs[1]!];
    const algorithm = attrs.algorithm ?? chooseConvAlgorithm(conv, to.winograd);
    let packed = w.pointer;
    if (!attrs.packed) {
      const pack = { groups: attrs.groups, algorithm };
      packed = to.workspace(4 * packedSize(w.shape, pack));
      lowerPack(to, w.pointer, w.shape, pack, packed);
    }
    const bias = attrs.bias ? inputs[2]!.pointer : null;
    const residual = attrs.residual ? residualOf(inputs, attrs) : null;
    const norm = attrs.norm ? normOf(inputs.slice(-NORM_INPUTS)) : undefined;
    lowerConv(to, { conv, algorithm, x, packed, bias, residual, y: y!, relu: attrs.relu, norm });
  },
  gradient(apply, { inputs, outputs, dys, attrs, needs }) {
    const [x, w] = [inputs[0]!, inputs[1]!];
    const dy = attrs.relu ? apply(reluBackward, [dys[0]!, outputs[0]!], {})[0]! : dys[0]!;
    const { stride, padding, dilation, groups } = attrs;
    const geometry = { stride, padding, dilation, groups };
    const inputSize: Pair = [x.shape[1]!, x.shape[2]!];
    const kernelSize: Pair = [w.shape[0]!, w.shape[1]!];
    const dx = needs[0]
      ? apply(conv2dBackwardInput, [dy, w], { ...geometry, inputSize })[0]
      : undefined;
    const dw = needs[1]
      ? apply(conv2dBackwardWeight, [x, dy], { ...geometry, kernelSize })[0]
      : undefined;
    const gradients = [dx, dw];
    if (attrs.bias) gradients.push(needs[2] ? apply(sumPixels, [dy], {})[0] : undefined);
    if (attrs.residual) gradients.push(dy);
    return gradients;
  },
};

function residualOf<T>(inputs: readonly T[], { bias }: Conv2dAttrs): T {
  return inputs[bias ? 3 : 2]!;
}

/** The two steps that a convolution with unpacked weights is made of, so that packing can be done once for many runs. */
export function splitPack(
  x: Spec,
  w: Spec,
  attrs: Conv2dAttrs,
  winograd: boolean,
): { pack: Conv2dPackAttrs; conv: Conv2dAttrs } {
  const conv = shapeOf([x, w], { ...attrs, bias: false, residual: false, norm: false });
  const algorithm = attrs.algorithm ?? chooseConvAlgorithm(conv, winograd);
  const { kernelSize, outChannels } = conv;
  return {
    pack: { groups: attrs.groups, algorithm },
    conv: { ...attrs, packed: true, kernelSize, outChannels, algorithm },
  };
}

function shapeOf(inputs: readonly Spec[], attrs: Conv2dAttrs): ConvShape {
  const [x, w] = [inputs[0]!, inputs[1]!];
  const optional = Number(attrs.bias) + Number(attrs.residual);
  const expected = 2 + optional + (attrs.norm ? NORM_INPUTS : 0);
  if (inputs.length !== expected) {
    throw new TypeError(
      `conv2d: got ${inputs.length} inputs but its attributes ask for ${expected}`,
    );
  }
  if (attrs.packed) {
    const conv = convShape('conv2d', x, attrs.kernelSize!, attrs.outChannels!, attrs);
    const weight = [...conv.kernelSize, conv.inChannels / conv.groups, conv.outChannels];
    const size = packedSize(weight, { groups: conv.groups, algorithm: attrs.algorithm! });
    expectShape('conv2d', 'packed weight', w, [size], 'must be');
    return conv;
  }
  const { kernelSize, depth, outChannels } = weightSizes('conv2d', w);
  const [channels, wanted] = [x.shape[3], depth * attrs.groups];
  if (x.shape.length === 4 && channels !== wanted) {
    throw new ShapeError(
      `conv2d: input ${formatShape(x.shape)} has ${channels} channels but weight expects ${wanted}`,
    );
  }
  return convShape('conv2d', x, kernelSize, outChannels, attrs);
}
