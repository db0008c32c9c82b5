import { convShape, expectFloats, expectShape, outputShape } from './conv2dGeometry.ts';
import { BLOCK_CHANNELS } from './conv2dUnits.ts';
import { lowerSum } from './sumPixels.ts';
import { sizeOf } from '../shape.ts';
import type { Pointer } from '../kernels/step.ts';
import type { Spec } from '../shape.ts';
import type { Rows } from './conv2dForward.ts';
import type { ConvGeometry, ConvShape, Pair } from './conv2dGeometry.ts';
import type { Lowering, Op } from './op.ts';

/** A convolution's attributes, and the height and width of its kernel. */
export interface Conv2dBackwardWeightAttrs extends ConvGeometry {
  readonly kernelSize: Pair;
}

/** The weight's gradient `[KH, KW, C/groups, O]` from x `[N, H, W, C]` and dy `[N, OH, OW, O]`. */
export const conv2dBackwardWeight: Op<Conv2dBackwardWeightAttrs> = {
  name: 'conv2dBackwardWeight',
  infer(inputs, attrs) {
    const { kernelSize, inChannels, groups, outChannels } = shapeOf(inputs, attrs);
    return [{ shape: [...kernelSize, inChannels / groups, outChannels], dtype: 'f32' }];
  },
  lower(to, [x, dy], [dw], attrs) {
    lowerBackwardWeight(to, shapeOf([x!, dy!], attrs), x!, dy!, dw!.pointer);
  },
};

/** Memory for all partial gradients of a layer at most. */
const PARTIAL_BYTES = 8 * 1024 * 1024;
/** Partial gradients at most: their number must not depend on the threads. */
const PARTITIONS = 8;
/** Chunks that keep several workers busy to the end. */
const ENOUGH_CHUNKS = 16;
/** Output channels below which a chunk would spend its time copying rows. */
const FEWEST_CHANNELS = 64;
/** Scratch for a unit's rows of x and dy that a first-level cache nearly holds. */
const SCRATCH_BYTES = 96 * 1024;
/** Pixels below which a unit spends its time on reading and writing sums, */
const FEW_PIXELS = 192;
/** so that it may have as much scratch as a second-level cache holds. */
const MOST_SCRATCH_BYTES = 768 * 1024;
/** Pixels that a unit has at most. */
const MOST_PIXELS = 1024;

/** Emits the steps: partial sums over ranges of the batch, then their sum in fixed order. */
export function lowerBackwardWeight(
  to: Lowering,
  conv: ConvShape,
  x: Rows,
  dy: Rows,
  dw: Pointer,
): void {
  const [kernelHeight, kernelWidth] = conv.kernelSize;
  const [outHeight, outWidth] = conv.outputSize;
  const [strideHeight, strideWidth] = conv.stride;
  const [dilationHeight, dilationWidth] = conv.dilation;
  const { batch, groups } = conv;
  const [depth, outChannels] = [conv.inChannels / groups, conv.outChannels / groups];
  const size = sizeOf([kernelHeight, kernelWidth, depth, conv.outChannels]);

  const paddedWidth = (outWidth - 1) * strideWidth + (kernelWidth - 1) * dilationWidth + 1;
  const blocks = Math.ceil(outChannels / BLOCK_CHANNELS);
  const bytes = (images: number, rows: number, channels: number) => {
    const paddedRows = (rows - 1) * strideHeight + (kernelHeight - 1) * dilationHeight + 1;
    const pixels = images * rows * outWidth;
    const tables = 2 * (kernelHeight * kernelWidth * depth + 8) + pixels + 8;
    return 4 * (images * paddedRows * paddedWidth * depth + pixels * channels + tables);
  };
  const channels = Math.min(FEWEST_CHANNELS, BLOCK_CHANNELS * blocks);
  const fits = (images: number, rows: number) => {
    const pixels = images * rows * outWidth;
    const most = pixels <= FEW_PIXELS ? MOST_SCRATCH_BYTES : SCRATCH_BYTES;
    return bytes(images, rows, channels) <= most && pixels <= MOST_PIXELS;
  };
  let unitRows = outHeight;
  while (unitRows > 1 && !fits(1, unitRows)) unitRows = Math.ceil(unitRows / 2);
  let unitImages = 1;
  if (unitRows === outHeight) {
    while (unitImages < batch && fits(unitImages + 1, unitRows)) unitImages++;
  }
  unitRows = Math.ceil(outHeight / Math.ceil(outHeight / unitRows));

  const units = Math.ceil(batch / unitImages) * Math.ceil(outHeight / unitRows);
  const partitions = Math.max(
    1,
    Math.min(PARTITIONS, units, Math.floor(PARTIAL_BYTES / (4 * size))),
  );
  const ranges = Math.min(
    Math.max(1, Math.floor(outChannels / FEWEST_CHANNELS)),
    Math.ceil(ENOUGH_CHUNKS / (partitions * groups)),
  );
  const unitChannels = BLOCK_CHANNELS * Math.ceil(blocks / ranges);

  const partials = partitions === 1 ? dw : to.workspace(4 * partitions * size);
  to.step({
    kernel: 'conv2d.backward_weight.f32/outer_product',
    chunks: partitions * groups * Math.ceil(outChannels / unitChannels),
    scratchBytes: bytes(unitImages, unitRows, unitChannels),
    args: {
      ...{ x: x.pointer, xStride: x.stride, dy: dy.pointer, dyStride: dy.stride, dw: partials },
      ...{
        batch,
        height: conv.inputSize[0],
        width: conv.inputSize[1],
        inChannels: conv.inChannels,
      },
      ...{ outHeight, outWidth, outChannels: conv.outChannels, kernelHeight, kernelWidth },
      ...{ strideHeight, strideWidth, padTop: conv.padding[0], padLeft: conv.padding[3] },
      ...{ dilationHeight, dilationWidth, groups, partitions, unitImages, unitRows, unitChannels },
    },
  });
  if (partitions > 1) lowerSum(to, partials, size, partitions, size, dw);
}

function shapeOf(inputs: readonly Spec[], attrs: Conv2dBackwardWeightAttrs): ConvShape {
  const [x, dy] = [inputs[0]!, inputs[1]!];
  expectFloats('conv2dBackwardWeight', inputs);
  const conv = convShape(
    'conv2dBackwardWeight',
    x.shape,
    attrs.kernelSize,
    dy.shape.at(-1)!,
    attrs,
  );
  expectShape('conv2dBackwardWeight', 'output gradient', dy, outputShape(conv));
  return conv;
}
