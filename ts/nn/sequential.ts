import type { Tensor } from '../tensor.ts';
import { Module } from './module.ts';

/** Modules one after the other, named `0`, `1`, … */
export class Sequential extends Module {
  readonly layers: readonly Module[];

  constructor(...layers: Module[]) {
    super();
    this.layers = layers;
  }

  override *children(): Generator<[string, Module]> {
    for (const [index, layer] of this.layers.entries()) yield [String(index), layer];
  }

  override forward(x: Tensor): Tensor {
    return this.layers.reduce((value, layer) => layer.forward(value), x);
  }
}
