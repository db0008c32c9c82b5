import { positionUnits, unitsOf } from './units.ts';
import { emitWinograd } from './winograd.ts';
import { isWinograd } from './winogradTile.ts';
import { pointersOf } from './fusedNorm.ts';
import { depthwiseKernels } from './depthwiseKernels.ts';
import { geometryArgs } from './geometry.ts';
import type { Pointer } from '../../kernels/step.ts';
import type { Norm } from '../batchNorm/norm.ts';
import type { ConvAlgorithm } from './chooseAlgorithm.ts';
import type { ConvShape } from './geometry.ts';
import type { Lowering, View } from '../op.ts';
import type { Of } from '../places.ts';

/** Rows of channels without the shape that belongs to them. */
export type Rows = Pick<View, 'pointer' | 'stride'>;

/** The steps of a batch norm's gradient that a convolution takes over where it makes the gradient by its result. */
export interface NormSums {
  /** What the batch norm normalises. */
  readonly x: Rows;
  readonly norm: Of<Norm, View>;
  /** Sums of a chunk, for each of its output channels two. */
  readonly partials: Pointer;
}

export interface ConvForward {
  readonly conv: ConvShape;
  readonly algorithm: ConvAlgorithm;
  readonly x: Rows;
  /** Weights as the algorithm reads them. */
  readonly packed: Pointer;
  readonly bias?: Rows | undefined;
  readonly residual?: Rows | undefined;
  readonly y: Rows;
  readonly relu: boolean;
  /** x is read through it and a ReLU: by Winograd's F(4×4, 3×3), and by pointwise convolutions at stride 1 forward. */
  readonly norm?: Of<Norm, View> | undefined;
  /** y goes through them: by Winograd's F(4×4, 3×3). */
  readonly sums?: NormSums | undefined;
}

/** Emits the step that computes a convolution from packed weights. */
export function lowerConv(to: Lowering, forward: ConvForward): void {
  const [outHeight, outWidth] = forward.conv.outputSize;
  const pixels = { yColumn: 1, yRow: outWidth, yImage: outHeight * outWidth };
  emitConv(to, 'forward', forward, pixels);
}

/** Where output pixels lie, in pixels of y: one phase of a gradient writes every `stride`-th. */
export interface OutputPixels {
  readonly yColumn: number;
  readonly yRow: number;
  readonly yImage: number;
}

/** Emits a convolution that belongs to a pass; Winograd's writes all pixels of y in their order. */
export function emitConv(
  to: Lowering,
  pass: 'forward' | 'backward_input',
  forward: ConvForward,
  pixels: OutputPixels,
): void {
  const { conv, algorithm, x, packed, bias, residual, y, relu, norm } = forward;
  const kernel = `conv2d.${pass}.f32/${algorithm}`;
  if (isWinograd(algorithm)) {
    emitWinograd(to, kernel, algorithm, forward);
    return;
  }
  if (algorithm === 'depthwise') {
    depthwiseKernels().emitDepthwise(to, forward, pixels);
    return;
  }
  const [kernelHeight, kernelWidth] = conv.kernelSize;
  const [outHeight, outWidth] = conv.outputSize;
  const [strideHeight, strideWidth] = conv.stride;
  const [dilationHeight, dilationWidth] = conv.dilation;
  const [depth, outChannels] = [conv.inChannels / conv.groups, conv.outChannels / conv.groups];
  const taps = kernelHeight * kernelWidth * depth;
  const paddedWidth =
    (outWidth - 1) * strideWidth + Math.max(0, kernelWidth - 1) * dilationWidth + 1;
  const problem = {
    batch: conv.batch,
    groups: conv.groups,
    outHeight,
    outWidth,
    outChannels,
    scratchFloats: (rows: number) => {
      if (algorithm === 'pointwise') return norm ? rows * outWidth * depth : 0;
      if (algorithm === 'im2col') return rows * outWidth * taps;
      const paddedRows =
        (rows - 1) * strideHeight + Math.max(0, kernelHeight - 1) * dilationHeight + 1;
      return paddedRows * paddedWidth * depth;
    },
    readFloats: (rows: number) =>
      algorithm === 'pointwise' && !norm ? rows * outWidth * depth : 0,
  };
  const { unitImages, unitRows, unitChannels, chunks, scratchBytes } =
    algorithm === 'positions' ? positionUnits(problem) : unitsOf(problem);
  to.step({
    kernel: norm ? `${kernel}_of_norm` : kernel,
    chunks,
    tells: algorithm === 'pointwise' || algorithm === 'implicit_gemm',
    // Ranges of a unit in one chunk copy its rows once.
    oneWorker: { chunks: 1 },
    // Offsets of taps, and factors of channels.
    scratchBytes: scratchBytes + 4 * (norm ? 2 * taps : taps),
    args: {
      x: x.pointer,
      xStride: x.stride,
      w: packed,
      bias: bias?.pointer ?? null,
      residual: residual?.pointer ?? null,
      residualStride: residual?.stride ?? 0,
      y: y.pointer,
      yStride: y.stride,
      ...pixels,
      ...geometryArgs(conv),
      relu: Number(relu),
      most: Infinity,
      unitImages,
      unitRows,
      unitChannels,
      ...pointersOf(norm),
    },
  });
}
