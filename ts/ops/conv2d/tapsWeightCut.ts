import { geometryArgs } from './geometry.ts';
import { BLOCK_CHANNELS } from './units.ts';
import type { ConvShape } from './geometry.ts';
import type { WeightCut } from './weightCut.ts';

/** Channels and out channels of a chunk at most: its part of dw, 256 KB, stays in a second-level cache beside packed pixels. */
const MOST_CHANNELS = 256;
/** Pixels that are packed at a time at most, and summed in registers before sums are added to dw. */
const MOST_PIXELS = 112;
/** Chunks that keep several workers busy to the end. */
const ENOUGH_CHUNKS = 8;
/** Channels of x that a kernel takes together. */
const ROWS = 4;

/** Cuts the gradient of a kernel, tap by tap, into at most so many partitions of the pixels. */
export function cutTapsWeight(conv: ConvShape, mostPartitions: number): WeightCut {
  const { batch, inChannels, outChannels, kernelSize } = conv;
  const [outHeight, outWidth] = conv.outputSize;
  const unitDepth = equalParts(inChannels, MOST_CHANNELS, ROWS);
  const unitChannels = equalParts(outChannels, MOST_CHANNELS, BLOCK_CHANNELS);
  const taps = kernelSize[0] * kernelSize[1];
  const blocks = taps * Math.ceil(inChannels / unitDepth) * Math.ceil(outChannels / unitChannels);
  const units = Math.ceil((batch * outHeight * outWidth) / MOST_PIXELS);
  const wanted = Math.ceil(ENOUGH_CHUNKS / blocks);
  const partitions = Math.max(1, Math.min(mostPartitions, wanted, units));
  return {
    partitions,
    chunks: partitions * blocks,
    scratchBytes: 4 * MOST_PIXELS * (unitDepth + unitChannels),
    args: {
      ...geometryArgs(conv),
      partitions,
      unitPixels: MOST_PIXELS,
      unitDepth,
      unitChannels,
    },
  };
}

/** The least multiple of `step` by which `size` falls into as few parts as by `most`. */
function equalParts(size: number, most: number, step: number): number {
  return step * Math.ceil(size / Math.ceil(size / most) / step);
}
