import type { EngineOptions } from '../ts/kernels/createEngine.ts';

/**
 * What `--simd` means.
 *
 * @throws {RangeError} when it is neither auto nor a width
 */
export function parseWidth(text: string): EngineOptions['simd'] {
  if (text === 'auto') return text;
  if (text === '128' || text === '256') return text === '128' ? 128 : 256;
  throw new RangeError(`bench: --simd is "${text}" but must be auto, 128 or 256`);
}
