import { DepthwiseConv2d } from '../depthwiseConv2d.ts';
import type { Sequential } from '../sequential.ts';
import { geometryOf, normed, type ConvNormOptions } from './convNorm.ts';

/**
 * A convolution of each channel by itself without a bias, its normalisation and its activation: `[N, H, W, channels]` →
 * `[N, ⌈H / stride⌉, ⌈W / stride⌉, channels]` for an odd kernel. Names are those of {@link convNorm}.
 */
export function depthwiseNorm(channels: number, options: ConvNormOptions = {}): Sequential {
  return normed(new DepthwiseConv2d(channels, geometryOf(options)), channels, options);
}
