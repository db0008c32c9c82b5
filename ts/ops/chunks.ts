import { channelsOf, type Spec } from '../base/shape.ts';

/** Elements below which a chunk is not worth a claim. */
const GRAIN = 16384;
/** More chunks than this only cost claims; eight threads still balance. */
const MOST = 32;

/** Chunks of an elementwise step: a function of its size alone. */
export function elementwiseChunks(elements: number): number {
  return Math.max(1, Math.min(MOST, Math.ceil(elements / GRAIN)));
}

/** Chunks of a step that computes a few numbers for each channel. */
export const channelChunks = ({ shape }: Spec): number => Math.ceil(channelsOf(shape) / 128);
