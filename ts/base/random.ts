const MULTIPLIER_A = 0xd2511f53;
const MULTIPLIER_B = 0xcd9e8d57;
const WEYL_A = 0x9e3779b9;
const WEYL_B = 0xbb67ae85;

/** High 32 bits of the 64-bit product of two unsigned words. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const carry = aHigh * bLow + ((aLow * bLow) >>> 16);
  const middle = aLow * bHigh + (carry & 0xffff);
  return (aHigh * bHigh + (carry >>> 16) + (middle >>> 16)) >>> 0;
}

/**
 * Philox4x32-10: four random words from a counter of four words and a key of two, by integer arithmetic alone, so that
 * every runtime gives the same bits.
 *
 * Source: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
 */
export function philox4x32(
  counter: ArrayLike<number>,
  key: ArrayLike<number>,
  out: Uint32Array,
): void {
  let c0 = counter[0]!;
  let c1 = counter[1]!;
  let c2 = counter[2]!;
  let c3 = counter[3]!;
  let k0 = key[0]!;
  let k1 = key[1]!;
  for (let round = 0; round < 10; round++) {
    const highA = multiplyHigh(MULTIPLIER_A, c0);
    const lowA = Math.imul(MULTIPLIER_A, c0);
    const highB = multiplyHigh(MULTIPLIER_B, c2);
    const lowB = Math.imul(MULTIPLIER_B, c2);
    c0 = (highB ^ c1 ^ k0) >>> 0;
    c1 = lowB >>> 0;
    c2 = (highA ^ c3 ^ k1) >>> 0;
    c3 = lowA >>> 0;
    k0 = (k0 + WEYL_A) >>> 0;
    k1 = (k1 + WEYL_B) >>> 0;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}

/** FNV-1a hash of a name, as the number of a random stream. */
function streamNumber(name: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(name)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

/**
 * Random words addressed by (seed, stream, step, index): any of them can be had again without those before it.
 *
 * A stream is named after its use (`shuffle`, `layer1.0.conv1.weight`), a step is an epoch or a training step.
 *
 * @throws {RangeError} for a seed or step that is not a non-negative safe integer
 */
export class RandomStream {
  readonly #key: Uint32Array;
  readonly #counter: Uint32Array;
  readonly #words = new Uint32Array(4);
  #used = 4;

  constructor(seed: number, stream: string, step = 0) {
    checkInteger('seed', seed);
    checkInteger('step', step);
    const number = streamNumber(stream);
    this.#key = Uint32Array.of(seed >>> 0, Math.floor(seed / 2 ** 32));
    this.#counter = Uint32Array.of(0, number, step >>> 0, Math.floor(step / 2 ** 32));
  }

  /** Makes the next word the first one of block `index` (four words a block), 0 ≤ index < 2³². */
  seek(index: number): void {
    this.#counter[0] = index;
    this.#used = 4;
  }

  /** A word, uniform in [0, 2³²). */
  uint32(): number {
    if (this.#used === 4) {
      philox4x32(this.#counter, this.#key, this.#words);
      this.#counter[0]!++;
      this.#used = 0;
    }
    return this.#words[this.#used++]!;
  }

  /** A number uniform in [0, 1), a multiple of 2⁻²⁴, hence exact in f32. */
  uniform(): number {
    return (this.uint32() >>> 8) / 2 ** 24;
  }

  /**
   * An integer uniform in [0, limit), 1 ≤ limit < 2³², without bias.
   *
   * Source: Lemire, "Fast random integer generation in an interval", TOMACS 2019.
   */
  below(limit: number): number {
    let word = this.uint32();
    let low = Math.imul(word, limit) >>> 0;
    if (low < limit) {
      const threshold = (2 ** 32 - limit) % limit;
      while (low < threshold) {
        word = this.uint32();
        low = Math.imul(word, limit) >>> 0;
      }
    }
    return multiplyHigh(word, limit);
  }

  /** The numbers 0 … count − 1 in random order (Fisher–Yates). */
  permutation(count: number): Uint32Array {
    const order = Uint32Array.from({ length: count }, (_, index) => index);
    for (let last = count - 1; last > 0; last--) {
      const other = this.below(last + 1);
      const kept = order[last]!;
      order[last] = order[other]!;
      order[other] = kept;
    }
    return order;
  }
}

function checkInteger(what: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new RangeError(`random: ${what} is ${value} but must be an integer from 0 to 2^53 - 1`);
  }
}
