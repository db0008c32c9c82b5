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
  const pointwise = conv.kernelSize.every((k) => k === 1) && conv.padding.every((p) => p === 0);
  if (pointwise) return 'pointwise';
  return winograd && winogradWins(conv) ? 'winograd_4x4' : 'implicit_gemm';
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

/** Channels that pay for transforming tiles. */
const FEWEST_CHANNELS = 12;
/** Products of a tile, for each input and output channel, */
const TILE_PRODUCTS = 36;
/** and their share of a plain sum's that still pays: a tile that is mostly outside the image does not. */
const MOST_PRODUCTS = 0.75;
/** Tiles that pay for reading 36 values for each 9 weights. */
const FEWEST_TILES = 16;

function winogradWins(conv: ConvShape): boolean {
  const { kernelSize, stride, dilation, groups, inChannels, outChannels, outputSize, batch } = conv;
  const possible =
    kernelSize.every((k) => k === 3) &&
    [...stride, ...dilation, groups].every((one) => one === 1) &&
    inChannels % 4 === 0 &&
    outChannels % 4 === 0;
  const tiles = batch * Math.ceil(outputSize[0] / 4) * Math.ceil(outputSize[1] / 4);
  const plainProducts = 9 * batch * outputSize[0] * outputSize[1];
  return (
    possible &&
    Math.min(inChannels, outChannels) >= FEWEST_CHANNELS &&
    tiles >= FEWEST_TILES &&
    TILE_PRODUCTS * tiles <= MOST_PRODUCTS * plainProducts
  );
}
