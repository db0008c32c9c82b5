import { sizeOf } from '../../base/shape.ts';
import type { Module } from '../module.ts';
import type { BlockOptions } from './blockOptions.ts';

/** The last layer of F, whose weight starts at 0 where `zeroInit` says so: then the block starts as its shortcut. */
export function lastOf<M extends Module>(layer: M, { zeroInit }: BlockOptions): M {
  const weight = zeroInit ? layer.stateDict().get('weight') : undefined;
  weight?.write(new Float32Array(sizeOf(weight.shape)));
  return layer;
}
