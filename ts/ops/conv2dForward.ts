import { unitsOf } from './conv2dUnits.ts';
import type { Pointer } from '../kernels/step.ts';
import type { ConvAlgorithm } from './chooseConvAlgorithm.ts';
import type { ConvShape } from './conv2dGeometry.ts';
import type { Lowering, View } from './op.ts';

/** Rows of channels without the shape that belongs to them. */
export type Rows = Pick<View, 'pointer' | 'stride'>;

export interface ConvForward {
  readonly conv: ConvShape;
  readonly algorithm: ConvAlgorithm;
  readonly x: Rows;
  readonly packed: Pointer;
  readonly bias: Pointer | null;
  readonly residual: Rows | null;
  readonly y: Rows;
  readonly relu: boolean;
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
  const { conv, algorithm, x, packed, bias, residual, y, relu } = forward;
  const kernel = `conv2d.${pass}.f32/${algorithm}`;
  if (algorithm === 'winograd_4x4') {
    emitWinograd(to, kernel, forward);
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
  const { unitImages, unitRows, unitChannels, chunks, scratchBytes } = unitsOf({
    ...{ batch: conv.batch, groups: conv.groups, outHeight, outWidth, outChannels },
    scratchFloats: (rows) => {
      if (algorithm === 'pointwise') return 0;
      const paddedRows =
        (rows - 1) * strideHeight + Math.max(0, kernelHeight - 1) * dilationHeight + 1;
      return paddedRows * paddedWidth * depth;
    },
  });
  to.step({
    kernel,
    chunks,
    scratchBytes: scratchBytes + 4 * taps,
    args: {
      ...{ x: x.pointer, xStride: x.stride, w: packed, bias },
      ...{ residual: residual?.pointer ?? null, residualStride: residual?.stride ?? 0 },
      ...{ y: y.pointer, yStride: y.stride, ...pixels },
      ...{ batch: conv.batch, height: conv.inputSize[0], width: conv.inputSize[1] },
      ...{ inChannels: conv.inChannels, outHeight, outWidth, outChannels: conv.outChannels },
      ...{ kernelHeight, kernelWidth, strideHeight, strideWidth },
      ...{ padTop: conv.padding[0], padLeft: conv.padding[3], dilationHeight, dilationWidth },
      ...{ groups: conv.groups, relu: Number(relu), unitImages, unitRows, unitChannels },
    },
  });
}

/** Memory for a unit's transformed tiles and their products: what a second-level cache holds. */
const WINOGRAD_BYTES = 512 * 1024;
/** Out channels whose products are kept at a time. */
const WINOGRAD_CHANNELS = 64;
/** Tiles of a unit at most. */
const MOST_TILES = 64;
/** Units that keep several workers busy to the end. */
const ENOUGH_UNITS = 16;

function emitWinograd(to: Lowering, kernel: string, forward: ConvForward): void {
  const { conv, x, packed, bias, residual, y, relu } = forward;
  const { batch, inChannels, outChannels } = conv;
  const [outHeight, outWidth] = conv.outputSize;
  const tiles = batch * Math.ceil(outHeight / 4) * Math.ceil(outWidth / 4);
  const unitChannels = 8 * Math.ceil(Math.min(WINOGRAD_CHANNELS, outChannels) / 8);
  const floats = (count: number) => 36 * (count * (inChannels + unitChannels) + 32 + inChannels);
  let unitTiles = 16;
  while (unitTiles < MOST_TILES && 4 * floats(unitTiles + 4) <= WINOGRAD_BYTES) unitTiles += 4;
  unitTiles = Math.max(4, Math.min(unitTiles, 4 * Math.ceil(tiles / ENOUGH_UNITS / 4)));
  to.step({
    kernel,
    chunks: Math.min(64, Math.ceil(tiles / unitTiles)),
    scratchBytes: 4 * floats(unitTiles),
    args: {
      ...{ x: x.pointer, xStride: x.stride, w: packed, bias },
      ...{ residual: residual?.pointer ?? null, residualStride: residual?.stride ?? 0 },
      ...{ y: y.pointer, yStride: y.stride, batch },
      ...{ height: conv.inputSize[0], width: conv.inputSize[1], inChannels },
      ...{ outHeight, outWidth, outChannels, padTop: conv.padding[0], padLeft: conv.padding[3] },
      ...{ relu: Number(relu), unitTiles, unitChannels },
    },
  });
}
