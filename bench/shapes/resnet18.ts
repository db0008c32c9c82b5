import type { ConvLayer } from '../convLayer.ts';

/** Convolutions of ResNet-18 on 224×224 images. */
export const resnet18: readonly ConvLayer[] = [
  { name: 'conv1', size: 224, inChannels: 3, outChannels: 64, kernelSize: 7, stride: 2 },
  { name: 'layer1', size: 56, inChannels: 64, outChannels: 64, kernelSize: 3, stride: 1 },
  { name: 'layer2.0.conv1', size: 56, inChannels: 64, outChannels: 128, kernelSize: 3, stride: 2 },
  {
    name: 'layer2.0.downsample',
    size: 56,
    inChannels: 64,
    outChannels: 128,
    kernelSize: 1,
    stride: 2,
  },
  { name: 'layer2', size: 28, inChannels: 128, outChannels: 128, kernelSize: 3, stride: 1 },
  { name: 'layer3.0.conv1', size: 28, inChannels: 128, outChannels: 256, kernelSize: 3, stride: 2 },
  { name: 'layer3', size: 14, inChannels: 256, outChannels: 256, kernelSize: 3, stride: 1 },
  { name: 'layer4.0.conv1', size: 14, inChannels: 256, outChannels: 512, kernelSize: 3, stride: 2 },
  { name: 'layer4', size: 7, inChannels: 512, outChannels: 512, kernelSize: 3, stride: 1 },
];
