import { Activate } from '../nn/activate.ts';
import type { Activation, Norm } from '../nn/blocks/blockOptions.ts';
import { Conv2d } from '../nn/conv2d.ts';
import type { Module } from '../nn/module.ts';
import { Sequential } from '../nn/sequential.ts';
import { stemGeometry, type Stem } from './classifier.ts';

/** What surrounds the convolutions of a deep stem. */
interface StemLayers {
  readonly norm: Norm;
  readonly act: Activation;
}

/** The first convolution of a ResNet: `[N, H, W, inChannels]` → `[N, H / 2, W / 2, outChannels]`, or of full size for small images. */
export function plainStem(stem: Stem, inChannels: number, outChannels: number): Conv2d {
  return new Conv2d(inChannels, outChannels, stemGeometry(stem));
}

/**
 * Three 3×3 convolutions in the place of the first one, the first two half as wide (He et al. 2019, arXiv:1812.01187,
 * ResNet-C and -D). Shapes are those of {@link plainStem}, names are timm's.
 */
export function deepStem(
  stem: Stem,
  inChannels: number,
  outChannels: number,
  { norm, act }: StemLayers,
): Module {
  const width = outChannels / 2;
  const spatial = { kernelSize: 3, padding: 1, bias: false };
  return new Sequential(
    new Conv2d(inChannels, width, { ...spatial, stride: stem === 'imagenet' ? 2 : 1 }),
    norm(width),
    new Activate(act),
    new Conv2d(width, width, spatial),
    norm(width),
    new Activate(act),
    new Conv2d(width, outChannels, spatial),
  );
}
