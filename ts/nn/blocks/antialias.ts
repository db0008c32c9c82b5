import { avgPool2d } from '../../functions/avgPool2d.ts';
import { blurPool2d } from '../../functions/blurPool2d.ts';
import { maxPool2d } from '../../functions/maxPool2d.ts';
import { BlurPool2d } from '../blurPool2d.ts';
import { AvgPool2d } from '../pooling.ts';
import type { Antialias } from './blockOptions.ts';

/**
 * Blurs before pixels are left out (Zhang 2019, arXiv:1904.11486), as timm's `resnetblur50` does: the option `antialias` of blocks and of
 * `ResNet`. The pooling behind the stem takes maxima at every pixel and blurs them.
 */
export const blurPool: Antialias = {
  layer: (stride) => new BlurPool2d({ stride }),
  stemPool: (x) => blurPool2d(maxPool2d(x, { kernelSize: 3, stride: 1, padding: 1 })),
};

/**
 * Takes means where pixels would be left out, as timm's `resnetaa50` does: the option `antialias` of blocks and of `ResNet`. The pooling
 * behind the stem takes means of 2×2 pixels. Windows that reach beyond an image of odd size have fewer pixels.
 */
export const averagePool: Antialias = {
  layer: (stride) => new AvgPool2d({ kernelSize: stride, ceilMode: true, countIncludePad: false }),
  stemPool: (x) => avgPool2d(x, { kernelSize: 2 }),
};
