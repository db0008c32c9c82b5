import type { Tensor } from '../core/tensor.ts';
import { drop } from './drop.ts';
import { Module } from './module.ts';
import { nextStream } from './seed.ts';

/**
 * Zeroes elements with probability p in training and scales the rest by 1/(1 - p) (Srivastava et al. 2014).
 *
 * @example
 * import { Dropout, tensor } from 'residua';
 *
 * const drop = new Dropout(0.5);
 * console.log(drop.forward(tensor([1, 1, 1, 1], [1, 4])).data()); // each is 0 or 2
 * console.log(drop.eval().forward(tensor([1, 1, 1, 1], [1, 4])).data()); // as they were
 */
export class Dropout extends Module {
  /** Probability of a zero; 0 turns it off. */
  p: number;
  readonly #stream: number;

  /** Throws RangeError unless 0 ≤ p < 1. */
  constructor(p = 0.5) {
    super();
    if (!(p >= 0 && p < 1))
      throw new RangeError(`Dropout: p is ${p} but must be at least 0 and below 1`);
    this.p = p;
    this.#stream = nextStream().stream;
  }

  override forward(x: Tensor): Tensor {
    if (!this.training || this.p === 0) return x;
    return this.here(() => drop(x, this.p, this.#stream));
  }

  override describe(): string {
    return `Dropout ${this.p}`;
  }
}
