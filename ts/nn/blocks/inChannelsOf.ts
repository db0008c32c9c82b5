import { BatchNorm2d } from '../batchNorm2d.ts';
import { Conv2d } from '../conv2d.ts';
import type { Module } from '../module.ts';

/** Channels that a module's first layer with weights takes, where it can be told. */
export function inChannelsOf(module: Module): number | undefined {
  for (const [, layer] of module.modules()) {
    if (layer instanceof Conv2d) return layer.inChannels;
    if (layer instanceof BatchNorm2d) return layer.weight.shape[0];
  }
  return undefined;
}
