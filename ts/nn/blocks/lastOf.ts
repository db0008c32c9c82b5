import { sizeOf } from '../../base/shape.ts';
import { BatchNorm2d } from '../batchNorm2d.ts';
import { Conv2d } from '../conv2d.ts';
import type { Module } from '../module.ts';
import type { BlockOptions } from './blockOptions.ts';

/** The last layer of F, starting at 0 where `zeroInit` says so, so that the block starts as its shortcut. */
export function lastOf<M extends Module>(layer: M, { zeroInit }: BlockOptions): M {
  if (zeroInit && (layer instanceof BatchNorm2d || layer instanceof Conv2d))
    layer.weight.write(new Float32Array(sizeOf(layer.weight.shape)));
  return layer;
}
