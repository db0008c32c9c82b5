/** Numbers that follow from a seed and a place alone, so that any file can be made again. */
export class Random {
  #state;

  /** @param {string} seed */
  constructor(seed) {
    let hash = 0x811c9dc5;
    for (const char of seed) hash = Math.imul(hash ^ char.codePointAt(0), 0x01000193);
    this.#state = hash >>> 0;
  }

  /** 32 bits (mulberry32). */
  next() {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }

  /** A whole number from 0 up to `limit`. */
  below(limit) {
    return limit > 0 ? this.next() % limit : 0;
  }

  /** @template T @param {readonly T[]} items @returns {T} */
  of(items) {
    return items[this.below(items.length)];
  }
}
