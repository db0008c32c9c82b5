import { BLOCK_CHANNELS } from './units.ts';
import { GAP, isLean, positionsOf, winogradTiles } from './winogradTile.ts';
import type { WinogradAlgorithm } from './chooseAlgorithm.ts';
import { pointersOf } from './fusedNorm.ts';
import { geometryArgs } from './geometry.ts';
import type { OneWorker } from '../../kernels/step.ts';
import type { ConvForward } from './forward.ts';
import type { ConvShape } from './geometry.ts';
import type { WeightCut } from './weightCut.ts';
import type { Lowering } from '../op.ts';

/** Memory for a unit's transformed tiles and their products: what a second-level cache holds. */
const SCRATCH_BYTES = 512 * 1024;
/** Out channels whose products are kept at a time. */
const PRODUCT_CHANNELS = 128;
/** Out channels of a range that is worth a chunk, or of a weight gradient's sums. */
const MOST_CHANNELS = 64;
/** Units are whole multiples of so many tiles. */
const ROWS = 4;
/** Tiles of a unit at least, so that a weight is read once for several. */
const FEWEST_TILES = 8;
/** Tiles of a unit where there are units enough with so many. */
const SOME_TILES = 16;
/** Tiles of a unit at most, and where weights are many. */
const MOST_TILES = 64;
/** Weights so many that they come from main memory. */
const MANY_WEIGHTS = 128 * 1024;
/** Units that keep two workers busy. */
const SOME_UNITS = 8;
/** Units that keep several workers busy to the end. */
const ENOUGH_UNITS = 16;
/** Chunks that are worth transforming the same tiles once for each range of channels. */
const ENOUGH_RANGES = 4;
/** The same number of chunks where weights are many. */
const ENOUGH_HEAVY_RANGES = 8;
/** Chunks beyond which claims only cost. */
const MOST_CHUNKS = 64;
/** Partitions of a weight gradient that keep several workers busy. */
const FEW_PARTITIONS = 4;
/** Tiles of a partition that pay for its own sums, where there are more partitions than a few. */
const ENOUGH_TILES = 24;
/** Input channels beyond which a weight gradient's unit has half as many, as its sums fill the cache. */
const MANY_CHANNELS = 128;
/** In channels whose weights are transformed at a time, if they are. */
const SLICE = 128;
/** Floats between rows of transformed tiles. */
const ROW_GAP = 32;
/** Floats for each position of one transform, half done. */
const BETWEEN = 8;

/** How a convolution by F(tile×tile, 3×3) is cut. */
export interface WinogradCut {
  readonly unitTiles: number;
  readonly unitChannels: number;
  readonly chunks: number;
  readonly scratchBytes: number;
}

/** What decides how a convolution is cut. */
export type WinogradProblem = Pick<
  ConvShape,
  'batch' | 'inChannels' | 'outputSize' | 'outChannels'
>;

/** Cuts a convolution into units: a function of its shapes alone. */
export function cutWinograd(conv: WinogradProblem, algorithm: WinogradAlgorithm): WinogradCut {
  const { inChannels, outChannels } = conv;
  const scratchBytes = scratchOf(inChannels, outChannels, algorithm);
  const tiles = winogradTiles(conv, algorithm);
  const heavy = inChannels * outChannels >= MANY_WEIGHTS;
  const share = (units: number): number => ROWS * Math.ceil(tiles / units / ROWS);
  const some = Math.min(SOME_TILES, Math.max(FEWEST_TILES, share(SOME_UNITS)));
  const fewest = heavy ? MOST_TILES : some;
  const most = mostTiles(fewest, scratchBytes);
  const unitTiles = Math.min(most, Math.max(fewest, share(ENOUGH_UNITS)), share(1));
  const units = Math.ceil(tiles / unitTiles);
  const enough = Math.ceil((heavy ? ENOUGH_HEAVY_RANGES : ENOUGH_RANGES) / units);
  const ranges = Math.min(Math.ceil(outChannels / MOST_CHANNELS), enough);
  const unitChannels = wholeBlocks(Math.ceil(outChannels / ranges));
  const chunks = Math.min(MOST_CHUNKS, units * Math.ceil(outChannels / unitChannels));
  return { unitTiles, unitChannels, chunks, scratchBytes: scratchBytes(unitTiles) };
}

/** The same for one worker: weights are read once for as many tiles as its cache holds, and tiles transformed once. */
function cutOneWorker(
  { inChannels, outChannels, ...conv }: ConvShape,
  algorithm: WinogradAlgorithm,
): OneWorker {
  const scratchBytes = scratchOf(inChannels, outChannels, algorithm);
  const heavy = inChannels * outChannels >= MANY_WEIGHTS;
  const most = mostTiles(heavy ? MOST_TILES : SOME_TILES, scratchBytes);
  const unitTiles = Math.min(most, ROWS * Math.ceil(winogradTiles(conv, algorithm) / ROWS));
  return { chunks: 1, args: { unitTiles }, scratchBytes: scratchBytes(unitTiles) };
}

/** Scratch memory of a unit of so many tiles. */
function scratchOf(inChannels: number, outChannels: number, algorithm: WinogradAlgorithm) {
  const lean = isLean(algorithm);
  const products = lean ? BLOCK_CHANNELS : wholeBlocks(Math.min(PRODUCT_CHANNELS, outChannels));
  const weights = lean ? SLICE * BLOCK_CHANNELS + 2 * GAP : 0;
  return (tiles: number): number =>
    4 *
    positionsOf(algorithm) *
    (tiles * (inChannels + ROW_GAP + products) + weights + 2 * GAP + BETWEEN);
}

/** Tiles whose scratch memory the cache holds, but no fewer than these. */
function mostTiles(fewest: number, scratchBytes: (tiles: number) => number): number {
  let tiles = fewest;
  while (tiles < MOST_TILES && scratchBytes(tiles + ROWS) <= SCRATCH_BYTES) tiles += ROWS;
  return tiles;
}

/** Emits the step of F(tile×tile, 3×3); w is packed for it, y's pixels are written in their order. */
export function emitWinograd(
  to: Lowering,
  kernel: string,
  algorithm: WinogradAlgorithm,
  forward: ConvForward,
): void {
  const { conv, x, packed, bias, residual, y, relu, norm, sums } = forward;
  const cut = cutWinograd(conv, algorithm);
  const suffix = sums ? '_to_norm' : norm ? '_of_norm' : '';
  to.step({
    kernel: `${kernel}${suffix}`,
    chunks: cut.chunks,
    tells: true,
    // Ranges of a unit in one chunk transform its tiles once; but partial sums belong to chunks.
    ...(!sums && { oneWorker: cutOneWorker(conv, algorithm) }),
    scratchBytes: cut.scratchBytes,
    args: {
      x: x.pointer,
      xStride: x.stride,
      w: packed,
      bias: bias?.pointer ?? null,
      residual: residual?.pointer ?? null,
      residualStride: residual?.stride ?? 0,
      y: y.pointer,
      yStride: y.stride,
      ...geometryArgs(conv),
      relu: Number(relu),
      unitTiles: cut.unitTiles,
      unitChannels: cut.unitChannels,
      ...pointersOf(sums?.norm ?? norm),
      normX: sums?.x.pointer ?? null,
      normXStride: sums?.x.stride ?? 0,
      partials: sums?.partials ?? null,
    },
  });
}

/** Cuts the weight gradient by F(4×4, 3×3) into at most so many partitions of the tiles. */
export function cutWinogradWeight(conv: ConvShape, mostPartitions: number): WeightCut {
  const { inChannels, outChannels } = conv;
  const unitChannels = wholeBlocks(Math.min(MOST_CHANNELS, outChannels));
  const tiles = winogradTiles(conv, 'winograd_4x4');
  const most = inChannels <= MANY_CHANNELS ? MOST_TILES : MOST_TILES / 2;
  let partitions = 1;
  const tilesOfEach = (): number => (partitions < FEW_PARTITIONS ? SOME_TILES : ENOUGH_TILES);
  while (2 * partitions <= mostPartitions && tiles >= 2 * partitions * tilesOfEach()) {
    partitions *= 2;
  }
  const unitTiles = Math.min(most, Math.ceil(tiles / partitions));
  const rows = inChannels * unitChannels + unitTiles * (inChannels + unitChannels);
  return {
    partitions,
    chunks: partitions * Math.ceil(outChannels / unitChannels),
    scratchBytes: 4 * positionsOf('winograd_4x4') * (rows + 3 * GAP + BETWEEN),
    args: { ...geometryArgs(conv), partitions, unitTiles, unitChannels },
  };
}

function wholeBlocks(channels: number): number {
  return BLOCK_CHANNELS * Math.ceil(channels / BLOCK_CHANNELS);
}
