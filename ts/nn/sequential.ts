import { shown } from '../base/settings.ts';
import type { Tensor } from '../core/tensor.ts';
import { Module } from './module.ts';
import { through } from './through.ts';

/**
 * Modules one after the other, named `0`, `1`, … or as the record says.
 *
 * @example
 * import { Flatten, Linear, ReLU, Sequential, tensor } from 'residua';
 *
 * const model = new Sequential(new Flatten(), new Linear(4, 8), new ReLU(), new Linear(8, 2));
 * console.log(model.forward(tensor([1, 2, 3, 4], [1, 2, 2, 1])).shape); // 1, 2
 */
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
    return through(x, ...this.layers.values());
  }
}
