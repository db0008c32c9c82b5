/** What the engine that runs this code can do. */
export interface Features {
  /** 128-bit SIMD; without it nothing here runs. */
  readonly simd: boolean;
  /** Relaxed SIMD. */
  readonly relaxed: boolean;
  /** A multiply-add of relaxed SIMD that rounds once. Where it rounds twice it gains nothing, and plain SIMD is used. */
  readonly fma: boolean;
  /** Shared memory that can be handed to workers. */
  readonly threads: boolean;
}

/** `i8x16.splat` and `i8x16.popcnt`. */
const SIMD = [
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15,
  253, 98, 11,
];
/** `i8x16.relaxed_swizzle`. */
const RELAXED = [
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 15, 1, 13, 0, 65, 1, 253, 15,
  65, 2, 253, 15, 253, 128, 2, 11,
];
/** `(a, b, c) => a · b + c` by `f32x4.relaxed_madd`, exported as `f`. */
const MULTIPLY_ADD = [
  0, 97, 115, 109, 1, 0, 0, 0, 1, 8, 1, 96, 3, 125, 125, 125, 1, 125, 3, 2, 1, 0, 7, 5, 1, 1, 102,
  0, 0, 10, 22, 1, 20, 0, 32, 0, 253, 19, 32, 1, 253, 19, 32, 2, 253, 19, 253, 133, 2, 253, 31, 0,
  11,
];
/** `i32.atomic.load` on a shared memory. */
const THREADS = [
  0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 5, 4, 1, 3, 1, 1, 10, 11, 1, 9, 0, 65,
  0, 254, 16, 2, 0, 26, 11,
];

const valid = (bytes: number[]): boolean => WebAssembly.validate(new Uint8Array(bytes));

/** Whether (1 + e)(1 − e) − 1 is −e², which a product that is rounded by itself makes 0. */
function fuses(): boolean {
  try {
    const { exports } = new WebAssembly.Instance(
      new WebAssembly.Module(new Uint8Array(MULTIPLY_ADD)),
    );
    const multiplyAdd = exports.f as (a: number, b: number, c: number) => number;
    const e = 1 / 8192;
    return multiplyAdd(1 + e, 1 - e, -1) === -e * e;
  } catch {
    // A page may forbid to compile; it cannot load a build then either.
    return false;
  }
}

/** Whether memory may be shared as far as a page's isolation goes, which matters in browsers alone. */
function isIsolated(): boolean {
  const inPage = 'crossOriginIsolated' in globalThis && !('Deno' in globalThis);
  return !inPage || Boolean(globalThis.crossOriginIsolated);
}

/** Asks the runtime by tiny modules: whether they are valid, and what they compute. Versions and names are never looked at. */
export function probe(): Features {
  const relaxed = valid(RELAXED);
  return {
    simd: valid(SIMD),
    relaxed,
    fma: relaxed && fuses(),
    threads: isIsolated() && typeof SharedArrayBuffer === 'function' && valid(THREADS),
  };
}

/** What is missing for threads where {@link probe} finds none. */
export function lackOfThreads(): string {
  if (!isIsolated()) {
    return 'a page must be cross-origin isolated: https://web.dev/articles/coop-coep';
  }
  return typeof SharedArrayBuffer === 'function'
    ? 'WebAssembly has no shared memory here'
    : 'there is no SharedArrayBuffer here';
}
