import { Activate } from '../activate.ts';
import { Conv2d } from '../conv2d.ts';
import { Sequential } from '../sequential.ts';
import { batchNorm2d, type Activation, type Norm } from './blockOptions.ts';

/** Settings of {@link convNorm}. */
export interface ConvNormOptions {
  /** Side of the kernel; the image is padded by half of it. 1 by default. */
  readonly kernelSize?: number;
  /** 1 by default. */
  readonly stride?: number;
  /** 1 by default; the number of channels for a depthwise convolution. */
  readonly groups?: number;
  /** Batch norm by default. */
  readonly norm?: Norm;
  /** None by default. */
  readonly act?: Activation;
}

/**
 * A convolution without a bias, its normalisation and its activation: `[N, H, W, inChannels]` →
 * `[N, ⌈H / stride⌉, ⌈W / stride⌉, outChannels]` for an odd kernel. Names are those of torchvision's Conv2dNormActivation.
 */
export function convNorm(
  inChannels: number,
  outChannels: number,
  options: ConvNormOptions = {},
): Sequential {
  const { kernelSize = 1, stride = 1, groups = 1, norm = batchNorm2d, act } = options;
  const padding = Math.floor(kernelSize / 2);
  return new Sequential(
    new Conv2d(inChannels, outChannels, { kernelSize, stride, padding, groups, bias: false }),
    norm(outChannels),
    ...(act ? [new Activate(act)] : []),
  );
}
