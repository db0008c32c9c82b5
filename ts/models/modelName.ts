import { allModels } from './allModels.ts';

/** Other names that networks go by, in letters and digits alone. */
const ALIASES: Readonly<Record<string, string>> = {
  resnext50: 'resnext50_32x4d',
  resnext101: 'resnext101_32x8d',
  seresnext50: 'seresnext50_32x4d',
  seresnext101: 'seresnext101_32x4d',
  resnetv218: 'preact_resnet18',
  resnetv234: 'preact_resnet34',
  resnetv250: 'preact_resnet50',
  resnetv2101: 'preact_resnet101',
  resnetv2152: 'preact_resnet152',
  wideresnet50: 'wide_resnet50_2',
  wrn50: 'wide_resnet50_2',
  wrn502: 'wide_resnet50_2',
  wideresnet101: 'wide_resnet101_2',
  wrn101: 'wide_resnet101_2',
  wrn1012: 'wide_resnet101_2',
  mobilenet: 'mobilenet_v2',
  mobilenetv2100: 'mobilenet_v2',
  efficientnet: 'efficientnet_b0',
  convnext: 'convnext_atto',
  densenet4012: 'densenet40',
  densenetbc: 'densenet_bc100',
  densenetbc4012: 'densenet_bc40',
  densenetbc4024: 'densenet_bc40_k24',
  densenetbc10012: 'densenet_bc100',
  densenetbc10024: 'densenet_bc100_k24',
  densenetbc25012: 'densenet_bc250',
  densenetbc25024: 'densenet_bc250_k24',
  inception: 'googlenet',
  inceptionv1: 'googlenet',
};

const simplified = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');

/** timm's `resnet50.a1_in1k` without what says how it was trained, and its hub's `timm/` before it. */
const withoutTag = (name: string): string => name.replace(/^timm\//, '').replace(/\.\w*$/, '');

/**
 * The name in `allModels` of a network that may be written otherwise: `ResNet-50`, `vgg13-bn`, `DenseNet-BC-100-12`,
 * `preresnet18`, `inception_v1`, timm's `mobilenetv2_100.ra_in1k`; undefined for one that is not known.
 */
export function modelName(name: string): string | undefined {
  if (Object.hasOwn(allModels, name)) return name;
  const short = simplified(withoutTag(name));
  if (Object.hasOwn(ALIASES, short)) return ALIASES[short];
  const same = short.replace(/^pre(act(ivation)?)?resnet/, 'preactresnet');
  return Object.keys(allModels).find((known) => simplified(known) === same);
}
