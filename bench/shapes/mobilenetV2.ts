import type { ConvLayer } from '../convLayer.ts';

/** Depthwise convolutions of MobileNetV2 on 224×224 images. */
export const mobilenetV2: readonly ConvLayer[] = (
  [
    ['features.1.conv.0', 112, 32, 3, 1],
    ['features.2.conv.1', 112, 96, 3, 2],
    ['features.3.conv.1', 56, 144, 3, 1],
    ['features.4.conv.1', 56, 144, 3, 2],
    ['features.5.conv.1', 28, 192, 3, 1],
    ['features.7.conv.1', 28, 192, 3, 2],
    ['features.8.conv.1', 14, 384, 3, 1],
    ['features.12.conv.1', 14, 576, 3, 1],
    ['features.14.conv.1', 14, 576, 3, 2],
    ['features.15.conv.1', 7, 960, 3, 1],
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
