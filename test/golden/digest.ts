import { goldenHash, goldenLabels, goldenSeed } from './generator.ts';

const SAMPLES = 4;
const ROWS = 8;

/** One row of a digest: a tensor's f64 truth without its elements. */
export interface GoldenDigest {
  /** Norm of the f64 truth. */
  readonly norm: number;
  /** Norm of (torch's own f32 value − truth). */
  readonly f32Error: number;
  readonly samples: readonly number[];
  readonly sketch: readonly number[];
}

/** A digest row as scripts/goldens/golden.py writes it: norm, f32 error, 4 samples, 8 sketch rows. */
export function parseDigest(row: ArrayLike<number>): GoldenDigest {
  const numbers = Array.from(row);
  const [norm = NaN, f32Error = NaN] = numbers;
  return {
    norm,
    f32Error,
    samples: numbers.slice(2, 2 + SAMPLES),
    sketch: numbers.slice(2 + SAMPLES, 2 + SAMPLES + ROWS),
  };
}

/** Digest rows `[tensors, 14]` by the sorted names of the tensors. */
export function parseDigests(
  names: readonly string[],
  rows: ArrayLike<number>,
): Map<string, GoldenDigest> {
  const width = 2 + SAMPLES + ROWS;
  const all = Array.from(rows);
  if (all.length !== names.length * width) {
    throw new RangeError(`digests: parse: ${all.length} numbers but ${names.length} names`);
  }
  return new Map(
    [...names].sort().map((name, i) => [name, parseDigest(all.slice(i * width, (i + 1) * width))]),
  );
}

/** Sums of the values with random signs, one for each of 8 bits of the element's hash. */
export function goldenSketch(name: string, values: ArrayLike<number>): Float64Array {
  const seed = goldenSeed(`${name}#sketch`);
  const sums = new Float64Array(ROWS);
  for (let i = 0; i < values.length; i++) {
    const hash = goldenHash(seed, i);
    const value = values[i]!;
    for (let k = 0; k < ROWS; k++) sums[k]! += (hash >>> k) & 1 ? -value : value;
  }
  return sums;
}

/** How far a tensor is from a digest's truth. */
export interface DigestErrors {
  /** Estimate of ‖value − truth‖ from the sketch, good to about a quarter (Johnson–Lindenstrauss). */
  readonly error: number;
  /** ‖value‖ − ‖truth‖, absolute. */
  readonly norm: number;
  /** Largest difference of a sample, absolute. */
  readonly sample: number;
}

/** Compares values in torch's element order with a digest. */
export function digestErrors(
  name: string,
  values: ArrayLike<number>,
  digest: GoldenDigest,
): DigestErrors {
  let squares = 0;
  for (let i = 0; i < values.length; i++) squares += values[i]! * values[i]!;
  const sketch = goldenSketch(name, values);
  const sketchSquares = digest.sketch.reduce((sum, row, k) => sum + (sketch[k]! - row) ** 2, 0);
  const at = goldenLabels(`${name}#samples`, SAMPLES, values.length);
  return {
    error: Math.sqrt(sketchSquares / ROWS),
    norm: Math.abs(Math.sqrt(squares) - digest.norm),
    sample: Math.max(...digest.samples.map((sample, k) => Math.abs(values[at[k]!]! - sample))),
  };
}
