import type { Numerics } from './engine.ts';
import { pairsVectors } from './pairsVectors.ts';
import type { Features } from './probe.ts';

/** Bits of the vectors that a build's kernels are written for. */
export type Width = 128 | 256;

/**
 * The width to use where `auto` or one of the two is asked for; `auto` asks the engine.
 *
 * @throws RangeError when it is something else
 */
export function chooseWidth(asked: 'auto' | Width, features: Features, numerics: Numerics): Width {
  if (asked === 128 || asked === 256) return asked;
  if (asked !== 'auto') {
    const given = typeof asked === 'string' ? `'${asked as string}'` : String(asked);
    throw new RangeError(`init: simd is ${given} but must be 'auto', 128 or 256`);
  }
  if (!features.simd) return 128;
  return pairsVectors(features.fma && numerics === 'fast') ? 256 : 128;
}
