import { shown } from '../base/settings.ts';
import type { Tensor } from '../core/tensor.ts';
import { Module } from './module.ts';

/** Modules one after the other, named `0`, `1`, … or as the record says. */
export class Sequential extends Module {
  readonly layers: ReadonlyMap<string, Module>;

  /** Throws TypeError for what is no module. */
  constructor(...layers: Module[] | [Readonly<Record<string, Module>>]) {
    super();
    const [first] = layers;
    const isRecord = layers.length === 1 && !(first instanceof Module) && Object(first) === first;
    const named = isRecord ? Object.entries(first as object) : undefined;
    this.layers = new Map(
      named ?? (layers as Module[]).map((layer, index) => [String(index), layer]),
    );
    for (const [name, layer] of this.layers) {
      if (!(layer instanceof Module))
        throw new TypeError(`Sequential: ${name} is ${shown(layer)} but must be a module`);
    }
  }

  override *children(): Generator<[string, Module]> {
    yield* this.layers;
  }

  override forward(x: Tensor): Tensor {
    return [...this.layers.values()].reduce((value, layer) => layer.forward(value), x);
  }
}
