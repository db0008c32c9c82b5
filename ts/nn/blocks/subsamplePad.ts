import { subsamplePad } from '../../functions/subsamplePad.ts';
import type { Tensor } from '../../tensor.ts';
import { Module } from '../module.ts';

/**
 * Shortcut A of He et al. (2015): every `stride`-th pixel, with zero channels added half before and half after. Has no
 * weights.
 */
export class SubsamplePad extends Module {
  readonly #stride: number;
  readonly #added: number;

  constructor(inChannels: number, outChannels: number, stride: number) {
    super();
    this.#stride = stride;
    this.#added = outChannels - inChannels;
  }

  override forward(x: Tensor): Tensor {
    const before = Math.floor(this.#added / 2);
    return this.here(() =>
      subsamplePad(x, { stride: this.#stride, before, after: this.#added - before }),
    );
  }
}
