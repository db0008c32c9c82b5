import { expectNorm } from '../batchNorm/norm.ts';
import { expectShape } from '../expect.ts';
import { outputShape } from './geometry.ts';
import type { Spec } from '../../base/shape.ts';
import type { ConvShape } from './geometry.ts';
import type { Conv2dInputs, Conv2dOutputs } from './conv2d.ts';
import type { Of } from '../places.ts';

/** The output of a convolution; throws ShapeError where bias, residual or norm does not fit. */
export function inferOutput(
  conv: ConvShape,
  { x, bias, residual, norm }: Omit<Of<Conv2dInputs, Spec>, 'w' | 'scale'>,
): Of<Conv2dOutputs, Spec> {
  const shape = outputShape(conv);
  if (bias) expectShape('conv2d', 'bias', bias, [conv.outChannels], 'must be');
  if (residual) expectShape('conv2d', 'residual', residual, shape, 'the output');
  if (norm) expectNorm('conv2d', norm, x);
  return { y: { shape, dtype: 'f32' } };
}
