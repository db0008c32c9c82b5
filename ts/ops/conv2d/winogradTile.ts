import type { ConvAlgorithm, WinogradAlgorithm } from './chooseAlgorithm.ts';
import type { ConvShape } from './geometry.ts';

/** Floats between the matrices of two positions: a cache line, so that they do not share one cache set. */
export const GAP = 16;

/** Whether a convolution is computed from transformed tiles. */
export function isWinograd(algorithm: ConvAlgorithm): algorithm is WinogradAlgorithm {
  return algorithm.startsWith('winograd');
}

/** Whether weights are transformed where they are multiplied. */
export function isLean(algorithm: WinogradAlgorithm): boolean {
  return algorithm.endsWith('_lean');
}

/** Whether weights are packed as values for each position of a patch. */
export function packsPositions(algorithm: ConvAlgorithm): algorithm is WinogradAlgorithm {
  return isWinograd(algorithm) && !isLean(algorithm);
}

/** Rows and columns of outputs that a tile covers. */
export function tileOf(algorithm: WinogradAlgorithm): number {
  return algorithm.startsWith('winograd_2x2') ? 2 : 4;
}

/** Rows and columns of inputs from one output to the next. */
export function winogradStride(algorithm: WinogradAlgorithm): 1 | 2 {
  return algorithm.startsWith('winograd_2x2_strided') ? 2 : 1;
}

/** Positions of a tile's patch, whose values are multiplied in place of nine taps for each output. */
export function positionsOf(algorithm: WinogradAlgorithm): number {
  const tile = tileOf(algorithm);
  const side = winogradStride(algorithm) === 2 ? 2 * tile + 1 : tile + 2;
  return side * side;
}

/** Tiles of all images of a convolution's output. */
export function winogradTiles(
  { batch, outputSize }: Pick<ConvShape, 'batch' | 'outputSize'>,
  algorithm: WinogradAlgorithm,
): number {
  const tile = tileOf(algorithm);
  return batch * Math.ceil(outputSize[0] / tile) * Math.ceil(outputSize[1] / tile);
}
