import type { ConvLayer } from '../convLayer.ts';

/** 3×3 convolutions of ResNet-20 on 28×28 images, by stage. */
export const resnet20: readonly ConvLayer[] = [
  { name: 'conv1', size: 28, inChannels: 1, outChannels: 16, kernelSize: 3, stride: 1 },
  { name: 'layer1', size: 28, inChannels: 16, outChannels: 16, kernelSize: 3, stride: 1 },
  { name: 'layer2.0.conv1', size: 28, inChannels: 16, outChannels: 32, kernelSize: 3, stride: 2 },
  { name: 'layer2', size: 14, inChannels: 32, outChannels: 32, kernelSize: 3, stride: 1 },
  { name: 'layer3.0.conv1', size: 14, inChannels: 32, outChannels: 64, kernelSize: 3, stride: 2 },
  { name: 'layer3', size: 7, inChannels: 64, outChannels: 64, kernelSize: 3, stride: 1 },
];
