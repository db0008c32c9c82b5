import type { Tensor } from '../../core/tensor.ts';
import { Identity } from '../identity.ts';
import type { Module } from '../module.ts';
import { assertJoins } from './assertJoins.ts';
import type { JoinOptions } from './blockOptions.ts';
import { inChannelsOf } from './inChannelsOf.ts';
import { ResidualBlock, type Branches } from './residualBlock.ts';

/**
 * `act(body(x) + shortcut(x))` (He et al. 2015, arXiv:1512.03385): where F has nothing to add, the block is its shortcut.
 *
 * @example
 * ```ts
 * import { Conv2d, init, noGrad, Residual, ReLU, Sequential, zeros } from 'residua';
 *
 * await init();
 * const conv = () => new Conv2d(4, 4, { kernelSize: 3, padding: 1 });
 * const block = new Residual(new Sequential(conv(), new ReLU(), conv()));
 * console.log(noGrad(() => block.forward(zeros([1, 6, 6, 4]))).shape); // [1, 6, 6, 4]
 * ```
 */
export class Residual extends ResidualBlock {
  readonly body: Module;
  readonly shortcut: Module;

  /** Throws ShapeError when body and shortcut cannot be added. */
  constructor(body: Module, shortcut: Module = new Identity(), options: JoinOptions = {}) {
    super(options);
    this.body = body;
    this.shortcut = shortcut;
    const inChannels = inChannelsOf(body) ?? inChannelsOf(shortcut);
    if (inChannels !== undefined) assertJoins('Residual', body, shortcut, inChannels);
  }

  protected override branches(x: Tensor): Branches {
    return { transform: this.body.forward(x), skip: this.shortcut.forward(x) };
  }
}
