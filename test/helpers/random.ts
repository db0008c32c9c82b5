import { RandomStream } from '../../ts/base/random.ts';

/** Random choices of a test; the same for the same name. */
export class Random {
  readonly #stream: RandomStream;

  constructor(name: string) {
    this.#stream = new RandomStream(1, name);
  }

  /** Whole number from low to high, both included. */
  int(low: number, high: number): number {
    return low + this.#stream.below(high - low + 1);
  }

  coin(): boolean {
    return this.int(0, 1) === 1;
  }

  /** Numbers in ±scale around shift. */
  floats(count: number, scale = 1, shift = 0): Float32Array {
    return Float32Array.from(
      { length: count },
      () => shift + scale * (2 * this.#stream.uniform() - 1),
    );
  }

  /** Whole numbers below a limit. */
  ints(count: number, limit: number): Int32Array {
    return Int32Array.from({ length: count }, () => this.#stream.below(limit));
  }
}
