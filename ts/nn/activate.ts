import type { Tensor } from '../core/tensor.ts';
import type { Activation } from './blocks/blockOptions.ts';
import { Module } from './module.ts';

/**
 * A function of one tensor as a layer without weights, such as an activation between two layers of a `Sequential`.
 *
 * @example
 * ```ts
 * import { Activate, init, sigmoid, zeros } from 'residua';
 *
 * await init();
 * console.log(new Activate(sigmoid).forward(zeros([1, 2])).data()); // [0.5, 0.5]
 * ```
 */
export class Activate extends Module {
  readonly #fn: Activation;

  constructor(fn: Activation) {
    super();
    this.#fn = fn;
  }

  override forward(x: Tensor): Tensor {
    return this.here(() => this.#fn(x));
  }
}
