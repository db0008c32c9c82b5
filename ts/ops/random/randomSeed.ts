/** Where random numbers come from: seed 0 ≤ seed < 2⁵³ and stream 0 ≤ stream < 2³², both whole numbers. */
export interface RandomAttrs {
  readonly seed: number;
  readonly stream: number;
}

/** Seed and stream as kernels take them. Throws RangeError for numbers out of range. */
export function seedArgs(
  op: string,
  { seed, stream }: RandomAttrs,
): { seedLow: number; seedHigh: number; stream: number } {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new RangeError(`${op}: seed is ${seed} but must be a whole number from 0 to 2^53 - 1`);
  }
  if (!Number.isInteger(stream) || stream < 0 || stream >= 2 ** 32) {
    throw new RangeError(
      `${op}: stream is ${stream} but must be a whole number from 0 to 2^32 - 1`,
    );
  }
  return { seedLow: seed >>> 0, seedHigh: Math.floor(seed / 2 ** 32), stream };
}
