import { Activate } from '../activate.ts';
import { Conv2d } from '../conv2d.ts';
import type { Module } from '../module.ts';
import { Sequential } from '../sequential.ts';
import { batchNorm2d, type Activation, type Norm } from './blockOptions.ts';

/** Settings of {@link convNorm}. */
export interface ConvNormOptions {
  /** Side of the kernel; 1 by default. */
  readonly kernelSize?: number;
  /** 1 by default. */
  readonly stride?: number;
  /** Zeros around images: half of the kernel on each side (`'half'`, the default), or TensorFlow's rule. */
  readonly padding?: 'half' | 'same';
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
  return normed(new Conv2d(inChannels, outChannels, geometryOf(options)), outChannels, options);
}

/** Of the convolution. */
export const geometryOf = ({ kernelSize = 1, stride = 1, padding }: ConvNormOptions) => ({
  kernelSize,
  stride,
  padding: padding === 'same' ? padding : Math.floor(kernelSize / 2),
  bias: false,
});

/** A convolution of so many channels with what follows it. */
export function normed(
  conv: Module,
  channels: number,
  { norm = batchNorm2d, act }: ConvNormOptions,
): Sequential {
  return new Sequential(conv, norm(channels), ...(act ? [new Activate(act)] : []));
}
