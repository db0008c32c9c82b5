import type { ConvShape } from './conv2dGeometry.ts';

/** How a convolution is computed; weights are packed for one of them. */
export type ConvAlgorithm = 'implicit_gemm' | 'pointwise';

/**
 * The fastest kernel for a geometry.
 *
 * - `pointwise`: a 1×1 kernel without padding reads its input in place, whatever the stride.
 * - `implicit_gemm`: everything else.
 */
export function chooseConvAlgorithm(conv: ConvShape): ConvAlgorithm {
  const pointwise = conv.kernelSize.every((k) => k === 1) && conv.padding.every((p) => p === 0);
  return pointwise ? 'pointwise' : 'implicit_gemm';
}
