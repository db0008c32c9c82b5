import { apply } from '../apply.ts';
import { state } from '../create.ts';
import { accumulate } from '../ops/accumulate.ts';
import type { Tensor } from '../tensor.ts';

/** Gradients summed over several batches, each by its share of their images. */
export class GradientSums implements Disposable {
  readonly sums: readonly Tensor[];
  readonly #share = state([]);

  constructor(parameters: Iterable<Tensor>) {
    this.sums = [...parameters].map(({ shape }) => state(shape));
  }

  /** Share of the next batch, 0…1. */
  set share(value: number) {
    this.#share.write([value]);
  }

  /** Adds gradients; the first of a group replace what was there. */
  add(gradients: readonly Tensor[], first: boolean): void {
    this.sums.forEach((sum, index) =>
      apply(accumulate, [sum, gradients[index]!, this.#share], { first }),
    );
  }

  dispose(): void {
    this.#share.dispose();
    for (const sum of this.sums) sum.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
