import { add } from '../../functions/add.ts';
import { relu } from '../../functions/relu.ts';
import type { Tensor } from '../../tensor.ts';
import { Identity } from '../identity.ts';
import { Module } from '../module.ts';

/** A function of one tensor. */
export type Activation = (x: Tensor) => Tensor;

/** `act(body(x) + shortcut(x))` (He et al. 2015, arXiv:1512.03385): where F has nothing to add, the block is its shortcut. */
export class Residual extends Module {
  readonly body: Module;
  readonly shortcut: Module;
  readonly #act: Activation;

  constructor(body: Module, shortcut: Module = new Identity(), act: Activation = relu) {
    super();
    this.body = body;
    this.shortcut = shortcut;
    this.#act = act;
  }

  override forward(x: Tensor): Tensor {
    return this.here(() => this.#act(add(this.body.forward(x), this.shortcut.forward(x))));
  }
}
