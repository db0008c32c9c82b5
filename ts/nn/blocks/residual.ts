import { add } from '../../functions/add.ts';
import { relu } from '../../functions/relu.ts';
import type { Tensor } from '../../tensor.ts';
import { Identity } from '../identity.ts';
import { Module } from '../module.ts';
import { assertJoins } from './assertJoins.ts';
import type { Activation } from './blockOptions.ts';
import { inChannelsOf } from './inChannelsOf.ts';

/** `act(body(x) + shortcut(x))` (He et al. 2015, arXiv:1512.03385): where F has nothing to add, the block is its shortcut. */
export class Residual extends Module {
  readonly body: Module;
  readonly shortcut: Module;
  readonly #act: Activation;

  /** Throws ShapeError when body and shortcut cannot be added. */
  constructor(body: Module, shortcut: Module = new Identity(), act: Activation = relu) {
    super();
    this.body = body;
    this.shortcut = shortcut;
    this.#act = act;
    const inChannels = inChannelsOf(body) ?? inChannelsOf(shortcut);
    if (inChannels !== undefined) {
      assertJoins(
        'Residual',
        (x) => body.forward(x),
        (x) => shortcut.forward(x),
        inChannels,
      );
    }
  }

  override forward(x: Tensor): Tensor {
    return this.here(() => this.#act(add(this.body.forward(x), this.shortcut.forward(x))));
  }
}
