// Flags with which a Node is started, so that WASM gets what that Node has.

/** V8's flag that makes pairs of 128-bit vectors one of 256 bits. */
export const PAIRS_FLAG = '--experimental-wasm-revectorize';

/** V8's flag for relaxed SIMD, which later versions have without it. */
const RELAXED_FLAG = '--experimental-wasm-relaxed-simd';

/** The first Node that has relaxed SIMD without a flag, */
const FIRST_RELAXED = 22;
/** and the first that pairs the vectors of large tiles: 22 knows the flag and gains nothing. */
const FIRST_PAIRS = 24;

/**
 * The flags for a version of Node and a width that WASM may use; `auto` lets the program find out what the flag does.
 *
 * @param {string} version as `process.versions.node`
 * @param {'auto' | 128 | 256} simd
 * @returns {string[]}
 */
export function nodeFlags(version, simd) {
  const major = Number(version.split('.')[0]);
  if (major < FIRST_RELAXED) return [RELAXED_FLAG];
  return major >= FIRST_PAIRS && simd !== 128 ? [PAIRS_FLAG] : [];
}
