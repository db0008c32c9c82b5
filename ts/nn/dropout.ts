import { dropout } from '../functions/dropout.ts';
import type { Tensor } from '../tensor.ts';
import { Module } from './module.ts';
import { dropoutState, nextStream } from './seed.ts';

/** Zeroes elements with probability p in training and scales the rest by 1/(1 - p) (Srivastava et al. 2014). */
export class Dropout extends Module {
  readonly #p: number;
  readonly #stream: number;

  /** Throws RangeError unless 0 ≤ p < 1. */
  constructor(p = 0.5) {
    super();
    if (!(p >= 0 && p < 1))
      throw new RangeError(`Dropout: p is ${p} but must be at least 0 and below 1`);
    this.#p = p;
    this.#stream = nextStream().stream;
  }

  override forward(x: Tensor): Tensor {
    if (!this.training || this.#p === 0) return x;
    return this.here(() => dropout(x, { p: this.#p, state: dropoutState(), stream: this.#stream }));
  }

  override describe(): string {
    return `Dropout ${this.#p}`;
  }
}
