import { apply } from '../core/apply.ts';
import { state } from '../core/create.ts';
import { accumulate } from '../ops/accumulate.ts';
import type { Tensor } from '../core/tensor.ts';

/** Gradients summed over several batches, each by its share of their images. */
export class GradientSums implements Disposable {
  readonly #sums = new Map<Tensor, Tensor>();
  readonly #share = state([]);

  /** Share of the next batch, 0…1. */
  set share(value: number) {
    this.#share.write([value]);
  }

  /** Adds the gradient of a weight and gives the sum; the first of a group replaces what was there. */
  add(weight: Tensor, gradient: Tensor, first: boolean): Tensor {
    let sum = this.#sums.get(weight);
    if (!sum) {
      sum = state(weight.shape);
      this.#sums.set(weight, sum);
    }
    apply(accumulate, { sum, x: gradient, share: this.#share }, { first });
    return sum;
  }

  dispose(): void {
    this.#share.dispose();
    for (const sum of this.#sums.values()) sum.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
