/** What the engine that runs this code can do. */
export interface Features {
  /** 128-bit SIMD; without it nothing here runs. */
  readonly simd: boolean;
  /** Relaxed SIMD, which brings fused multiply-add. */
  readonly relaxed: boolean;
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
/** `i32.atomic.load` on a shared memory. */
const THREADS = [
  0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 5, 4, 1, 3, 1, 1, 10, 11, 1, 9, 0, 65,
  0, 254, 16, 2, 0, 26, 11,
];

/** Asks the runtime by validating tiny modules; versions and names are never looked at. */
export function probe(): Features {
  const valid = (bytes: number[]): boolean => WebAssembly.validate(new Uint8Array(bytes));
  const inPage = 'crossOriginIsolated' in globalThis && !('Deno' in globalThis);
  const isolated = !inPage || Boolean(globalThis.crossOriginIsolated);
  return {
    simd: valid(SIMD),
    relaxed: valid(RELAXED),
    threads: isolated && typeof SharedArrayBuffer === 'function' && valid(THREADS),
  };
}
