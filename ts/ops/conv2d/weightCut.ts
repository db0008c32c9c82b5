import { geometryArgs } from './geometry.ts';
import { BLOCK_CHANNELS } from './units.ts';
import type { ConvShape } from './geometry.ts';

/** How a weight gradient is cut: partitions are ranges of the batch that are summed afterwards. */
export interface WeightCut {
  readonly partitions: number;
  readonly chunks: number;
  readonly scratchBytes: number;
  readonly args: Readonly<Record<string, number>>;
}

/** Chunks that keep several workers busy to the end. */
const ENOUGH_CHUNKS = 16;
/** Output channels below which a chunk would spend its time copying rows. */
const FEWEST_CHANNELS = 64;
/** Scratch for a unit's rows of x and dy that a first-level cache nearly holds. */
const SCRATCH_BYTES = 96 * 1024;
/** Pixels below which a unit spends its time on reading and writing sums. */
const FEW_PIXELS = 192;
/** Scratch of a unit at most: as much as a second-level cache holds. */
const MOST_SCRATCH_BYTES = 768 * 1024;
/** Floats between pixels of x at which the same channel of few pixels already fills a cache set. */
const CONFLICT = 256;
/** Copied pixels that get a gap between them. */
const SPREAD = 64;
/** Floats of a gap: a cache line, so that pixels spread over all sets of a cache. */
const GAP = 16;
/** Pixels that a unit has at most. */
const MOST_PIXELS = 1024;

/** Cuts the product of patches and dy into at most so many partitions. */
export function cutOuterProduct(
  conv: ConvShape,
  xStride: number,
  mostPartitions: number,
): WeightCut {
  const { batch, groups } = conv;
  const [kernelHeight, kernelWidth] = conv.kernelSize;
  const [outHeight, outWidth] = conv.outputSize;
  const [strideHeight, strideWidth] = conv.stride;
  const [dilationHeight, dilationWidth] = conv.dilation;
  const [depth, outChannels] = [conv.inChannels / groups, conv.outChannels / groups];

  // Windows that stay inside the image can read x where it lies.
  const copied = conv.padding.some((side) => side > 0) || xStride % CONFLICT === 0;
  const copiedPixel = copied ? depth + (depth % SPREAD === 0 ? GAP : 0) : 0;
  const paddedWidth = (outWidth - 1) * strideWidth + (kernelWidth - 1) * dilationWidth + 1;
  const blocks = Math.ceil(outChannels / BLOCK_CHANNELS);
  const bytes = (images: number, rows: number, channels: number) => {
    const paddedRows = (rows - 1) * strideHeight + (kernelHeight - 1) * dilationHeight + 1;
    const pixels = images * rows * outWidth;
    const tables = 2 * (kernelHeight * kernelWidth * depth + 8) + pixels + 8;
    return 4 * (images * paddedRows * paddedWidth * copiedPixel + pixels * channels + tables);
  };
  const channels = Math.min(FEWEST_CHANNELS, BLOCK_CHANNELS * blocks);
  const fits = (images: number, rows: number) => {
    const pixels = images * rows * outWidth;
    const most = pixels <= FEW_PIXELS ? MOST_SCRATCH_BYTES : SCRATCH_BYTES;
    return bytes(images, rows, channels) <= most && pixels <= MOST_PIXELS;
  };
  let unitRows = outHeight;
  while (unitRows > 1 && !fits(1, unitRows)) unitRows = Math.ceil(unitRows / 2);
  let unitImages = 1;
  if (unitRows === outHeight) {
    while (unitImages < batch && fits(unitImages + 1, unitRows)) unitImages++;
  }
  unitRows = Math.ceil(outHeight / Math.ceil(outHeight / unitRows));

  const units = Math.ceil(batch / unitImages) * Math.ceil(outHeight / unitRows);
  const partitions = Math.max(1, Math.min(mostPartitions, units));
  const ranges = Math.min(
    Math.max(1, Math.floor(outChannels / FEWEST_CHANNELS)),
    Math.ceil(ENOUGH_CHUNKS / (partitions * groups)),
  );
  const unitChannels = BLOCK_CHANNELS * Math.ceil(blocks / ranges);
  return {
    partitions,
    chunks: partitions * groups * Math.ceil(outChannels / unitChannels),
    scratchBytes: bytes(unitImages, unitRows, unitChannels),
    args: {
      ...geometryArgs(conv),
      copiedPixel,
      partitions,
      unitImages,
      unitRows,
      unitChannels,
    },
  };
}
