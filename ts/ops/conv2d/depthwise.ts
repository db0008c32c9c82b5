import { after } from '../args.ts';
import { geometryArgs } from './geometry.ts';
import type { ConvShape } from './geometry.ts';
import type { ConvForward, OutputPixels, Rows } from './forward.ts';
import type { WeightCut } from './weightCut.ts';
import type { Pointer } from '../../kernels/step.ts';
import type { Lowering, View } from '../op.ts';

/** Bytes of the rows that a row of outputs reads which stay in a first-level cache until the next row reads them. */
const CACHED_BYTES = 32 * 1024;
/** Channels of a cache line: a range of channels is a multiple of it. */
const LINE_CHANNELS = 16;
/** Rows below which a band would mostly read rows of its neighbours. */
const FEWEST_ROWS = 4;
/** Units that keep several workers busy to the end. */
const ENOUGH_UNITS = 16;
/** Chunks beyond which claims only cost. */
const MOST_CHUNKS = 64;
/** Outputs of a tile of the weight gradient. */
const WEIGHT_TILE = 4;
/** Rows of taps whose sums a weight gradient takes together at most. */
const WEIGHT_ROWS = 3;

/** Emits the step of a depthwise convolution; its weights are as they are, `[KH, KW, 1, C]`. */
export function emitDepthwise(to: Lowering, forward: ConvForward, pixels: OutputPixels): void {
  const { conv, x, packed, bias, residual, y, relu } = forward;
  const { chunks, unitRows, unitChannels } = unitsOf(conv, conv.outputSize[0], conv.inputSize[1]);
  to.step({
    kernel: 'conv2d.forward.f32/depthwise',
    chunks,
    tells: true,
    oneWorker: { chunks: 1 },
    scratchBytes: scratchBytes(conv, unitChannels),
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
      unitImages: 1,
      unitRows,
      unitChannels,
      mean: null,
      gamma: null,
      rstd: null,
      beta: null,
    },
  });
}

/** Emits the steps that multiply its weights by their scale, a tap each. */
export function scaleDepthwise(to: Lowering, w: View, scale: View, scaled: Pointer): void {
  const [height, width, , channels] = w.shape as [number, number, number, number];
  const taps = height * width;
  const [tap, aStride] = w.outputsFirst ? [1, taps] : [channels, 1];
  for (let i = 0; i < taps; i++) {
    to.step({
      kernel: 'multiply.forward.f32/simd',
      chunks: 1,
      args: {
        a: after(w.pointer, 4 * i * tap),
        aStride,
        b: scale.pointer,
        bStride: 1,
        y: after(scaled, 4 * i * channels),
        yStride: 1,
        pixels: channels,
        channels: 1,
      },
    });
  }
}

/** Emits the step of its gradient by x; bias and residual are added to it. */
export function emitDepthwiseInput(
  to: Lowering,
  conv: ConvShape,
  { dy, w, bias, residual, dx }: DepthwiseInputViews,
): void {
  const { chunks, unitRows, unitChannels } = unitsOf(conv, conv.inputSize[0], conv.outputSize[1]);
  to.step({
    kernel: 'conv2d.backward_input.f32/depthwise',
    chunks,
    oneWorker: { chunks: 1 },
    scratchBytes: scratchBytes(conv, unitChannels),
    args: {
      dy: dy.pointer,
      dyStride: dy.stride,
      w: w.pointer,
      bias: bias?.pointer ?? null,
      residual: residual?.pointer ?? null,
      residualStride: residual?.stride ?? 0,
      dx: dx.pointer,
      dxStride: dx.stride,
      ...geometryArgs(conv),
      unitRows,
      unitChannels,
    },
  });
}

interface DepthwiseInputViews {
  readonly dy: Rows;
  readonly w: { readonly pointer: Pointer };
  readonly bias?: Rows | undefined;
  readonly residual?: Rows | undefined;
  readonly dx: Rows;
}

/** Cuts the gradient of its weights: ranges of channels, each of at most so many partitions of the rows of dy. */
export function cutDepthwiseWeight(conv: ConvShape, mostPartitions: number): WeightCut {
  const { batch, outputSize, kernelSize, inChannels } = conv;
  const unitChannels = channelsOf(conv, conv.inputSize[1] + outputSize[1]);
  const ranges = Math.ceil(inChannels / unitChannels);
  const rows = Math.ceil((batch * outputSize[0]) / FEWEST_ROWS);
  const partitions = Math.min(mostPartitions, rows, Math.ceil(ENOUGH_UNITS / ranges));
  const tiles = Math.ceil(outputSize[1] / WEIGHT_TILE);
  const columns = Math.min(kernelSize[0], WEIGHT_ROWS) * (2 * (WEIGHT_TILE - 1) + kernelSize[1]);
  return {
    partitions,
    chunks: Math.min(MOST_CHUNKS, partitions * ranges),
    scratchBytes: 4 * (unitChannels + tiles * (WEIGHT_TILE + columns)),
    args: {
      ...geometryArgs(conv),
      copiedPixel: 0,
      partitions,
      unitImages: 1,
      unitRows: 1,
      unitChannels,
    },
  };
}

interface DepthwiseUnits {
  readonly unitRows: number;
  readonly unitChannels: number;
  readonly chunks: number;
}

/** Units of a pass that writes so many rows of an image, and for each reads rows of so many columns. */
function unitsOf(conv: ConvShape, rows: number, columns: number): DepthwiseUnits {
  const unitChannels = channelsOf(conv, columns);
  const strips = conv.batch * Math.ceil(conv.inChannels / unitChannels);
  const bands = Math.min(Math.ceil(ENOUGH_UNITS / strips), Math.ceil(rows / FEWEST_ROWS));
  const unitRows = Math.ceil(rows / bands);
  const units = strips * Math.ceil(rows / unitRows);
  return { unitRows, unitChannels, chunks: Math.min(MOST_CHUNKS, units) };
}

/** The range of channels whose rows of so many columns stay in a cache, all ranges alike. */
function channelsOf({ kernelSize, inChannels }: ConvShape, columns: number): number {
  const lines = Math.ceil(inChannels / LINE_CHANNELS);
  const bytes = 4 * LINE_CHANNELS * kernelSize[0] * columns;
  const most = Math.max(1, Math.floor(CACHED_BYTES / bytes));
  return LINE_CHANNELS * Math.ceil(lines / Math.ceil(lines / most));
}

/** Zeros, and a table of the columns of a tile for each row of taps: seven outputs that share them, or four that do not. */
function scratchBytes({ kernelSize: [height, width] }: ConvShape, unitChannels: number): number {
  return 4 * (unitChannels + height * (4 * width + 12));
}
