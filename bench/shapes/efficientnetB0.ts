import type { ConvLayer } from '../convLayer.ts';

/** Depthwise convolutions of EfficientNet-B0 on 224×224 images. */
export const efficientnetB0: readonly ConvLayer[] = (
  [
    ['blocks.0.0', 112, 32, 3, 1],
    ['blocks.1.0', 112, 96, 3, 2],
    ['blocks.2.0', 56, 144, 5, 2],
    ['blocks.2.1', 28, 240, 5, 1],
    ['blocks.3.0', 28, 240, 3, 2],
    ['blocks.3.1', 14, 480, 3, 1],
    ['blocks.4.0', 14, 480, 5, 1],
    ['blocks.4.1', 14, 672, 5, 1],
    ['blocks.5.0', 14, 672, 5, 2],
    ['blocks.5.1', 7, 1152, 5, 1],
    ['blocks.6.0', 7, 1152, 3, 1],
  ] as const
).map(([name, size, channels, kernelSize, stride]) => ({
  name,
  size,
  inChannels: channels,
  outChannels: channels,
  kernelSize,
  stride,
  depthwise: true,
}));
