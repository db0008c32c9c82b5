import { BLOCK_CHANNELS } from './conv2dUnits.ts';
import type { ConvForward } from './conv2dForward.ts';
import type { ConvShape } from './conv2dGeometry.ts';
import type { WeightCut } from './conv2dWeightCut.ts';
import type { Lowering } from './op.ts';

/** Memory for a unit's transformed tiles and their products: what a second-level cache holds. */
const SCRATCH_BYTES = 512 * 1024;
/** Out channels whose products are kept at a time. */
const MOST_CHANNELS = 64;
/** Tiles of a unit at least, so that a weight is read once for several, */
const FEWEST_TILES = 16;
/** and at most. */
const MOST_TILES = 64;
/** Units that keep several workers busy to the end, */
const ENOUGH_UNITS = 16;
/** and that are worth transforming the same tiles once for each range of channels. */
const ENOUGH_RANGES = 8;
/** Chunks beyond which claims only cost. */
const MOST_CHUNKS = 64;
/** Input channels from which on only half as many are: the sums of a weight gradient fill a cache. */
const MANY_CHANNELS = 256;
/** Tiles of a unit in the weight gradient, so that sums are read and written once for several. */
const WEIGHT_TILES = 32;
/** Positions of a 6×6 patch. */
const POSITIONS = 36;
/** Floats of a cache line, between the matrices of two positions. */
const GAP = 16;

/** Tiles of 4×4 output pixels in all images. */
function winogradTiles({ batch, outputSize }: ConvShape): number {
  return batch * Math.ceil(outputSize[0] / 4) * Math.ceil(outputSize[1] / 4);
}

/** Emits the step of F(4×4, 3×3); w is packed for it, y's pixels are written in their order. */
export function emitWinograd(to: Lowering, kernel: string, forward: ConvForward): void {
  const { conv, x, packed, bias, residual, y, relu } = forward;
  const { inChannels, outChannels } = conv;
  const floats = (tiles: number) =>
    POSITIONS * (tiles * (inChannels + channelsAtATime(outChannels)) + 2 * GAP + inChannels);
  const tiles = winogradTiles(conv);
  let unitTiles = FEWEST_TILES;
  while (unitTiles < MOST_TILES && 4 * floats(unitTiles + 4) <= SCRATCH_BYTES) unitTiles += 4;
  unitTiles = Math.min(unitTiles, 4 * Math.ceil(tiles / 4));
  const wanted = 4 * Math.ceil(tiles / ENOUGH_UNITS / 4);
  unitTiles = Math.max(Math.min(unitTiles, FEWEST_TILES), Math.min(unitTiles, wanted));
  const units = Math.ceil(tiles / unitTiles);
  const ranges = Math.min(Math.ceil(outChannels / MOST_CHANNELS), Math.ceil(ENOUGH_RANGES / units));
  const unitChannels = BLOCK_CHANNELS * Math.ceil(outChannels / ranges / BLOCK_CHANNELS);
  to.step({
    kernel,
    chunks: Math.min(MOST_CHUNKS, units * Math.ceil(outChannels / unitChannels)),
    scratchBytes: 4 * floats(unitTiles),
    args: {
      ...{ x: x.pointer, xStride: x.stride, w: packed, bias },
      ...{ residual: residual?.pointer ?? null, residualStride: residual?.stride ?? 0 },
      ...{ y: y.pointer, yStride: y.stride, ...sizes(conv) },
      ...{ relu: Number(relu), unitTiles, unitChannels },
    },
  });
}

/** Cuts the weight gradient by F(4×4, 3×3) into at most so many partitions of the tiles. */
export function cutWinogradWeight(conv: ConvShape, mostPartitions: number): WeightCut {
  const { inChannels, outChannels } = conv;
  const most = inChannels > MANY_CHANNELS ? MOST_CHANNELS / 2 : MOST_CHANNELS;
  const unitChannels = channelsAtATime(Math.min(most, outChannels));
  const floats = (tiles: number) =>
    POSITIONS *
    (inChannels * unitChannels +
      tiles * (inChannels + unitChannels) +
      3 * GAP +
      Math.max(inChannels, unitChannels));
  const tiles = winogradTiles(conv);
  const unitTiles = WEIGHT_TILES;
  const partitions = Math.max(1, Math.min(mostPartitions, Math.ceil(tiles / unitTiles)));
  return {
    partitions,
    chunks: partitions * Math.ceil(outChannels / unitChannels),
    scratchBytes: 4 * floats(unitTiles),
    args: { ...sizes(conv), partitions, unitTiles, unitChannels },
  };
}

function channelsAtATime(outChannels: number): number {
  return BLOCK_CHANNELS * Math.ceil(Math.min(MOST_CHANNELS, outChannels) / BLOCK_CHANNELS);
}

function sizes(conv: ConvShape): Record<string, number> {
  const [height, width] = conv.inputSize;
  const [outHeight, outWidth] = conv.outputSize;
  const { batch, inChannels, outChannels, padding } = conv;
  return {
    ...{ batch, height, width, inChannels, outHeight, outWidth, outChannels },
    ...{ padTop: padding[0], padLeft: padding[3] },
  };
}
