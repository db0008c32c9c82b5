import { channelsOf, sizeOf, type Spec } from '../../base/shape.ts';
import { expectShape } from '../expect.ts';
import { chooseConvAlgorithm, type ConvAlgorithm } from './chooseAlgorithm.ts';
import { conv2dShape, type Conv2dAttrs, type Conv2dInputs, type Conv2dOutputs } from './conv2d.ts';
import { packedSize, type Conv2dPackAttrs } from './conv2dPack.ts';
import { lowerConv } from './forward.ts';
import { convShape, type ConvGeometry, type ConvShape, type Pair } from './geometry.ts';
import { inferOutput } from './inferOutput.ts';
import type { Op } from '../op.ts';
import type { One } from '../places.ts';

/** Places of the inputs of {@link conv2dOfPacked}. */
export interface Conv2dOfPackedInputs extends Omit<Conv2dInputs, 'w' | 'scale'> {
  /** What conv2dPack made of the weights. */
  packed: One;
}

/** Settings of {@link conv2dOfPacked}; what the packed weights hold is among them. */
export interface Conv2dOfPackedAttrs extends ConvGeometry {
  readonly kernelSize: Pair;
  readonly outChannels: number;
  /** The one that the weights are packed for. */
  readonly algorithm: ConvAlgorithm;
  /** Whether the sum goes through max(·, 0). */
  readonly relu: boolean;
}

/**
 * `y = act(x ∗ w + bias + residual)` with weights that are packed: x `[N, H, W, C]`, bias `[O]`, residual and y
 * `[N, OH, OW, O]`. A plan shows it as the conv2d that it computes.
 */
export const conv2dOfPacked: Op<Conv2dOfPackedInputs, Conv2dOutputs, Conv2dOfPackedAttrs> = {
  name: 'conv2d',
  denseInputs: ['packed'],
  fuses: { map: true },
  infer(inputs, attrs) {
    const conv = shapeOf(inputs.x, attrs);
    const weight = [...conv.kernelSize, conv.inChannels / conv.groups, conv.outChannels];
    const size = packedSize(weight, { groups: conv.groups, algorithm: attrs.algorithm });
    expectShape('conv2d', 'packed weight', inputs.packed, [size], 'must be');
    return inferOutput(conv, inputs);
  },
  lower(to, { x, packed, bias, residual, norm }, { y }, attrs) {
    const { algorithm, relu } = attrs;
    const conv = shapeOf(x, attrs);
    lowerConv(to, {
      conv,
      algorithm,
      x,
      packed: packed.pointer,
      bias,
      residual,
      norm,
      y,
      relu,
    });
  },
  flops: ({ x }, { y }, { kernelSize, groups }) =>
    2 * sizeOf(y.shape) * ((sizeOf(kernelSize) * channelsOf(x.shape)) / groups),
};

/** The settings of the two ops that a convolution is made of, so that packing can be done once for many runs. */
export function splitPack(
  x: Spec,
  w: Spec,
  attrs: Conv2dAttrs,
  winograd: boolean,
): { pack: Conv2dPackAttrs; conv: Conv2dOfPackedAttrs } {
  const shape = conv2dShape(x, w, attrs);
  const algorithm = attrs.algorithm ?? chooseConvAlgorithm(shape, winograd);
  const { kernelSize, outChannels } = shape;
  return {
    pack: { groups: attrs.groups, algorithm },
    conv: { ...attrs, kernelSize, outChannels, algorithm },
  };
}

function shapeOf(x: Spec, attrs: Conv2dOfPackedAttrs): ConvShape {
  return convShape('conv2d', x, attrs.kernelSize, attrs.outChannels, attrs);
}
