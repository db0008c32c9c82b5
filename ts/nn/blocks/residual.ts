import type { Tensor } from '../../core/tensor.ts';
import { Identity } from '../identity.ts';
import type { Module } from '../module.ts';
import { assertJoins } from './assertJoins.ts';
import type { JoinOptions } from './blockOptions.ts';
import { inChannelsOf } from './inChannelsOf.ts';
import { ResidualJoin } from './residualJoin.ts';

/** `act(body(x) + shortcut(x))` (He et al. 2015, arXiv:1512.03385): where F has nothing to add, the block is its shortcut. */
export class Residual extends ResidualJoin {
  readonly body: Module;
  readonly shortcut: Module;

  /** Throws ShapeError when body and shortcut cannot be added. */
  constructor(body: Module, shortcut: Module = new Identity(), options: JoinOptions = {}) {
    super(options);
    this.body = body;
    this.shortcut = shortcut;
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
    return this.here(() => this.act(this.join(this.body.forward(x), this.shortcut.forward(x))));
  }
}
