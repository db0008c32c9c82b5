/** Bits of WASM's vectors that are asked for: `auto` takes 256 where the engine makes one instruction of two. */
export type Simd = 'auto' | 128 | 256;

/**
 * Reads `auto`, `128` or `256`.
 *
 * @throws {RangeError} for anything else
 */
export function parseSimd(text: string): Simd {
  if (text === 'auto') return text;
  if (text === '128') return 128;
  if (text === '256') return 256;
  throw new RangeError(`bench: --simd is "${text}" but must be auto, 128 or 256`);
}

/**
 * Reads a list `128,256`.
 *
 * @throws {RangeError} for a width that is none, or one that is there twice
 */
export function parseSimds(list: string): Simd[] {
  const all = list.split(',').map((text) => parseSimd(text.trim()));
  const twice = all.find((simd, index) => all.indexOf(simd) !== index);
  if (twice !== undefined)
    throw new RangeError(`bench: --simd is "${list}": ${twice} stands twice`);
  return all;
}
