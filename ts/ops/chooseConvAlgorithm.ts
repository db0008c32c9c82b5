import type { ConvShape } from './conv2dGeometry.ts';

/** How a convolution is computed; weights are packed for one of them. */
export type ConvAlgorithm = 'implicit_gemm' | 'pointwise' | 'winograd_4x4';

/**
 * The fastest kernel for a geometry; `winograd` says whether its rounding (twice that of a plain sum) is allowed.
 *
 * - `pointwise`: a 1×1 kernel without padding reads its input in place, whatever the stride.
 * - `winograd_4x4`: a 3×3 kernel at stride 1, where {@link winogradWins}.
 * - `implicit_gemm`: everything else.
 */
export function chooseConvAlgorithm(conv: ConvShape, winograd: boolean): ConvAlgorithm {
  if (isPointwise(conv)) return 'pointwise';
  return winograd && winogradWins(conv) ? 'winograd_4x4' : 'implicit_gemm';
}

/** The kernels that can compute a convolution, for benchmarks to compare. */
export function possibleConvAlgorithms(conv: ConvShape): ConvAlgorithm[] {
  return [
    ...(isPointwise(conv) ? (['pointwise'] as const) : []),
    'implicit_gemm',
    ...(winogradCan(conv) ? (['winograd_4x4'] as const) : []),
  ];
}

/** How a weight gradient is computed. */
export type WeightAlgorithm = 'outer_product' | 'winograd_4x4';

/** Input channels beyond which the sums of 36 positions take megabytes of each worker. */
const MOST_CHANNELS = 512;

/** The fastest kernel for the gradient of a convolution's weights. */
export function chooseWeightAlgorithm(conv: ConvShape, winograd: boolean): WeightAlgorithm {
  const fits = conv.inChannels <= MOST_CHANNELS;
  return winograd && fits && winogradWins(conv) ? 'winograd_4x4' : 'outer_product';
}

/** The kernels that can compute the gradient of a convolution's weights. */
export function possibleWeightAlgorithms(conv: ConvShape): WeightAlgorithm[] {
  return ['outer_product', ...(winogradCan(conv) ? (['winograd_4x4'] as const) : [])];
}

/** Channels that pay for transforming tiles. */
const FEWEST_CHANNELS = 12;
/** Products of a tile, for each input and output channel, */
const TILE_PRODUCTS = 36;
/** and their share of a plain sum's that still pays: a tile that is mostly outside the image does not. */
const MOST_PRODUCTS = 0.75;
/** Tiles that pay for reading 36 values for each 9 weights. */
const FEWEST_TILES = 16;

function isPointwise({ kernelSize, padding }: ConvShape): boolean {
  return kernelSize.every((k) => k === 1) && padding.every((p) => p === 0);
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

function winogradWins(conv: ConvShape): boolean {
  const { inChannels, outChannels, outputSize, batch } = conv;
  const tiles = batch * Math.ceil(outputSize[0] / 4) * Math.ceil(outputSize[1] / 4);
  const plainProducts = 9 * batch * outputSize[0] * outputSize[1];
  return (
    winogradCan(conv) &&
    Math.min(inChannels, outChannels) >= FEWEST_CHANNELS &&
    tiles >= FEWEST_TILES &&
    TILE_PRODUCTS * tiles <= MOST_PRODUCTS * plainProducts
  );
}
