import type { Spec } from '../../base/shape.ts';
import { bytesOf, channelsOf, pixelsOf } from '../../base/shape.ts';
import { at, rows } from '../args.ts';
import { channelChunks } from '../chunks.ts';
import { expectType } from '../expect.ts';
import type { Op } from '../op.ts';
import type { One } from '../places.ts';

/** Pixels of a part at least. */
const FEWEST_PIXELS = 32;
/** Parts at most. */
const MOST_PARTS = 32;

/** Parts of the pixels whose moments are taken apart: a function of their number alone, whatever the channels. */
export function momentParts({ shape }: Spec): number {
  return Math.min(MOST_PARTS, Math.ceil(pixelsOf(shape) / FEWEST_PIXELS));
}

/**
 * Mean and biased variance of each channel: x `[…, C]` → moments `[2, C]`. Those of a concatenation are the concatenation of
 * those of its parts, bit for bit where each part is whole vectors of four channels.
 */
export const channelMoments: Op<{ x: One }, { moments: One }, object> = {
  name: 'channelMoments',
  infer({ x }) {
    expectType('channelMoments', 'input', x, 'f32');
    return { moments: { shape: [2, channelsOf(x.shape)], dtype: 'f32' } };
  },
  lower(to, { x }, { moments }) {
    const parts = momentParts(x);
    const partials = to.workspace(bytesOf(moments) * parts);
    to.step({
      kernel: 'batchNorm.partials.f32/simd',
      chunks: parts,
      args: { ...at('x', x), ...rows(x), partials },
    });
    to.step({
      kernel: 'batchNorm.moments.f32/scalar',
      chunks: channelChunks(x),
      args: { partials, parts, ...rows(x), ...at('moments', moments) },
    });
  },
};
