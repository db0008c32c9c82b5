import { alexnet } from './alexnet.ts';
import {
  resnet8,
  resnet20,
  resnet32,
  resnet44,
  resnet56,
  resnet110,
  plain8,
  plain20,
  plain32,
  plain44,
  plain56,
  plain110,
} from './cifarResnet.ts';
import {
  resnet18,
  resnet34,
  resnet50,
  resnet101,
  resnet152,
  resnext50_32x4d,
  wide_resnet50_2,
  preact_resnet18,
  preact_resnet34,
  preact_resnet50,
  preact_resnet101,
  preact_resnet152,
} from './resnet.ts';
import {
  densenet121,
  densenet161,
  densenet169,
  densenet201,
  densenet40,
  densenet_bc40,
  densenet_bc40_k24,
  densenet_bc100,
  densenet_bc100_k24,
  densenet_bc250,
  densenet_bc250_k24,
} from './densenet.ts';
import { vgg11, vgg13, vgg16, vgg19, vgg11_bn, vgg13_bn, vgg16_bn, vgg19_bn } from './vgg.ts';
import type { Classifier, ModelOptions } from './classifier.ts';
import { googlenet } from './googlenet.ts';

/**
 * Networks by name, as the CLI and checkpoints call them.
 *
 * @example
 * import { models } from 'residua';
 *
 * const model = models['densenet40']?.({ inChannels: 1, numClasses: 10, seed: 1 });
 * console.log(Object.keys(models).length, String(model).split('\n')[0]);
 */
export const models: Readonly<Record<string, (options?: ModelOptions) => Classifier>> = {
  resnet8,
  resnet20,
  resnet32,
  resnet44,
  resnet56,
  resnet110,
  plain8,
  plain20,
  plain32,
  plain44,
  plain56,
  plain110,
  resnet18,
  resnet34,
  resnet50,
  resnet101,
  resnet152,
  resnext50_32x4d,
  wide_resnet50_2,
  preact_resnet18,
  preact_resnet34,
  preact_resnet50,
  preact_resnet101,
  preact_resnet152,
  densenet121,
  densenet161,
  densenet169,
  densenet201,
  densenet40,
  densenet_bc40,
  densenet_bc40_k24,
  densenet_bc100,
  densenet_bc100_k24,
  densenet_bc250,
  densenet_bc250_k24,
  vgg11,
  vgg13,
  vgg16,
  vgg19,
  vgg11_bn,
  vgg13_bn,
  vgg16_bn,
  vgg19_bn,
  alexnet,
  googlenet,
};

export type { ModelOptions } from './classifier.ts';
