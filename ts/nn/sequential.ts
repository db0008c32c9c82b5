import type { Tensor } from '../tensor.ts';
import { Module } from './module.ts';

/** Modules one after the other, named `0`, `1`, … or as the record says. */
export class Sequential extends Module {
  readonly layers: ReadonlyMap<string, Module>;

  constructor(...layers: Module[] | [Readonly<Record<string, Module>>]) {
    super();
    const [first] = layers;
    const named =
      layers.length === 1 && !(first instanceof Module) ? Object.entries(first ?? {}) : undefined;
    this.layers = new Map(
      named ?? (layers as Module[]).map((layer, index) => [String(index), layer]),
    );
  }

  override *children(): Generator<[string, Module]> {
    yield* this.layers;
  }

  override forward(x: Tensor): Tensor {
    return [...this.layers.values()].reduce((value, layer) => layer.forward(value), x);
  }
}
