import { expect } from 'vitest';

/** Largest magnitude of the elements. */
export function largest(values: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < values.length; i++) most = Math.max(most, Math.abs(values[i]!));
  return most;
}

/**
 * Asserts that no element is off by more than `tolerance` times the largest expected element (or `floor`, if that is
 * larger).
 */
export function expectClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  what: string,
  floor = 0,
): void {
  expect(actual.length, `${what}: elements`).toBe(expected.length);
  const allowed = tolerance * Math.max(largest(expected), floor);
  let [worst, at] = [-1, 0];
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs(actual[i]! - expected[i]!);
    // A NaN on one side alone fails as well.
    const off = Number.isNaN(error) && !Object.is(actual[i], expected[i]) ? Infinity : error;
    if (off > worst) [worst, at] = [off, i];
  }
  if (worst > allowed) {
    expect.fail(
      `${what}: element ${at} is ${actual[at]} but expected ${expected[at]}: ` +
        `off by ${worst.toExponential(2)}, allowed ${allowed.toExponential(2)}`,
    );
  }
}

/** Asserts equal bits. */
export function expectSameBits(
  actual: readonly (Float32Array | Int32Array)[],
  expected: readonly (Float32Array | Int32Array)[],
  what: string,
): void {
  expect(actual.length, `${what}: tensors`).toBe(expected.length);
  actual.forEach((values, index) => {
    const [a, b] = [values, expected[index]!].map(
      (array) => new Int32Array(array.buffer, array.byteOffset, array.length),
    ) as [Int32Array, Int32Array];
    expect(a.length, `${what}: elements of tensor ${index}`).toBe(b.length);
    const at = a.findIndex((bits, i) => bits !== b[i]);
    if (at >= 0) {
      const both = `${values[at]} and ${expected[index]![at]}`;
      expect.fail(`${what}: tensor ${index} differs at element ${at} of ${a.length}: ${both}`);
    }
  });
}
