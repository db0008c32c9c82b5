import { positionsOf, winogradTiles } from './winogradTile.ts';
import type { ConvShape } from './conv2dGeometry.ts';

/** How a convolution is computed; weights are packed for one of them. */
export type ConvAlgorithm = 'implicit_gemm' | 'pointwise' | WinogradAlgorithm;

/** F(2×2, 3×3) and F(4×4, 3×3). */
export type WinogradAlgorithm = 'winograd_2x2' | 'winograd_4x4';

/**
 * The fastest kernel for a geometry; `winograd` says whether its rounding (twice that of a plain sum) is allowed,
 * `checked` that the compiler looks at its error with the layer's weights, and that no gradient follows: in training, batch
 * norm divides by the deviation of few pixels where maps are small, and enlarges rounding errors.
 *
 * - `pointwise`: a 1×1 kernel without padding reads its input in place, whatever the stride.
 * - `winograd_4x4`: a 3×3 kernel at stride 1, where images have tiles enough.
 * - `winograd_2x2`: the same for images of one tile of 4×4. At 7×7 and 8×8, four tiles, F(4×4) is 1.1 to 2 times as fast.
 * - `implicit_gemm`: everything else.
 */
export function chooseConvAlgorithm(
  conv: ConvShape,
  winograd: boolean,
  checked = false,
): ConvAlgorithm {
  if (isPointwise(conv)) return 'pointwise';
  if (winograd && winogradCan(conv) && hasChannels(conv)) {
    const fewest = checked ? FEWEST_CHECKED_TILES : FEWEST_TILES;
    if (tileWins(conv, 4, fewest)) return 'winograd_4x4';
    if (checked && tileWins(conv, 2, fewest)) return 'winograd_2x2';
  }
  return 'implicit_gemm';
}

/** The kernels that can compute a convolution, for benchmarks to compare. */
export function possibleConvAlgorithms(conv: ConvShape): ConvAlgorithm[] {
  return [
    ...(isPointwise(conv) ? (['pointwise'] as const) : []),
    'implicit_gemm',
    ...(winogradCan(conv) ? (['winograd_2x2', 'winograd_4x4'] as const) : []),
  ];
}

/**
 * How a weight gradient is computed: by packed pixels for a 1×1 kernel without padding, whatever the stride; by windows of
 * x where they lie or in padded rows; by transformed tiles for a 3×3 kernel at stride 1.
 */
export type WeightAlgorithm = 'outer_product' | 'pointwise' | 'winograd_4x4';

/** Input channels beyond which the sums of 36 positions take megabytes of each worker. */
const MOST_CHANNELS = 512;

/** The fastest kernel for the gradient of a convolution's weights. */
export function chooseWeightAlgorithm(conv: ConvShape, winograd: boolean): WeightAlgorithm {
  if (isPackable(conv)) return 'pointwise';
  const possible = winogradCan(conv) && hasChannels(conv) && conv.inChannels <= MOST_CHANNELS;
  return winograd && possible && tileWins(conv, 4, FEWEST_TILES) ? 'winograd_4x4' : 'outer_product';
}

/** The kernels that can compute the gradient of a convolution's weights. */
export function possibleWeightAlgorithms(conv: ConvShape): WeightAlgorithm[] {
  return [
    'outer_product',
    ...(isPackable(conv) ? (['pointwise'] as const) : []),
    ...(winogradCan(conv) ? (['winograd_4x4'] as const) : []),
  ];
}

/** Channels that pay for transforming tiles. */
const FEWEST_CHANNELS = 12;
/** Share of a plain sum's products that still pays: tiles that are mostly outside the image do not. */
const MOST_PRODUCTS = 0.75;
/** Tiles that pay for reading 36 or 16 values for each 9 weights. */
const FEWEST_CHECKED_TILES = 4;
/** Tiles from which it is taken where nobody has checked its error. */
const FEWEST_TILES = 16;

function isPointwise({ kernelSize, padding }: ConvShape): boolean {
  return kernelSize.every((k) => k === 1) && padding.every((p) => p === 0);
}

/** Whether the channels of a 1×1 kernel fill the vectors of its weight gradient. */
function isPackable(conv: ConvShape): boolean {
  const { groups, inChannels, outChannels } = conv;
  return isPointwise(conv) && groups === 1 && inChannels % 4 === 0 && outChannels % 8 === 0;
}

function winogradCan(conv: ConvShape): boolean {
  const { kernelSize, stride, dilation, groups, inChannels, outChannels } = conv;
  return (
    kernelSize.every((k) => k === 3) &&
    [...stride, ...dilation, groups].every((one) => one === 1) &&
    inChannels % 4 === 0 &&
    outChannels % 4 === 0
  );
}

function hasChannels({ inChannels, outChannels }: ConvShape): boolean {
  return Math.min(inChannels, outChannels) >= FEWEST_CHANNELS;
}

/** Whether tiles of this size save products enough to pay for transforming them and their weights. */
function tileWins(conv: ConvShape, tile: number, fewest: number): boolean {
  const tiles = winogradTiles(conv, tile);
  const plainProducts = 9 * conv.batch * conv.outputSize[0] * conv.outputSize[1];
  return tiles >= fewest && positionsOf(tile) * tiles <= MOST_PRODUCTS * plainProducts;
}
