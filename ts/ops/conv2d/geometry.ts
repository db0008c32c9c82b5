import { ShapeError } from '../../base/errors.ts';
import { expectAxes, expectElements } from '../expect.ts';
import type { Shape, Spec } from '../../base/shape.ts';

/** Height first, then width. */
export type Pair = readonly [height: number, width: number];

/** Zeros around an image, clockwise from the top. */
export type Sides = readonly [top: number, right: number, bottom: number, left: number];

/** How a window moves over an image. */
export interface ConvGeometry {
  readonly stride: Pair;
  readonly padding: Sides;
  readonly dilation: Pair;
  readonly groups: number;
}

/** Index of a {@link Pair}: height, then width. */
export type Axis = 0 | 1;
export const AXES: readonly Axis[] = [0, 1];

/** Zeros before the first row or column of an axis. */
export const paddingBefore = (padding: Sides, axis: Axis): number => padding[axis === 0 ? 0 : 3];

/** Every number of a convolution, whichever of its passes is run. */
export interface ConvShape extends ConvGeometry {
  readonly batch: number;
  readonly inputSize: Pair;
  readonly inChannels: number;
  readonly kernelSize: Pair;
  readonly outputSize: Pair;
  readonly outChannels: number;
}

/** Kernel, channels of a group and output channels of a weight `[KH, KW, C/groups, O]`. */
export function weightSizes(
  op: string,
  weight: Spec,
): { kernelSize: Pair; depth: number; outChannels: number } {
  expectAxes(op, 'weight', weight, 'HWIO');
  expectElements(op, 'weight', weight);
  return weightSizesOf(weight.shape);
}

/** The same of a shape that is known to be one of a weight. */
export function weightSizesOf(weight: Shape): {
  kernelSize: Pair;
  depth: number;
  outChannels: number;
} {
  return { kernelSize: [weight[0]!, weight[1]!], depth: weight[2]!, outChannels: weight[3]! };
}

/** Checks image and kernel against each other and derives the output; `op` begins the message of a {@link ShapeError}. */
export function convShape(
  op: string,
  input: Spec,
  kernelSize: Pair,
  outChannels: number,
  { stride, padding, dilation, groups }: ConvGeometry,
): ConvShape {
  expectAxes(op, 'input', input, 'NHWC');
  expectElements(op, 'input', input);
  const [batch, inChannels] = [input.shape[0]!, input.shape[3]!];
  const inputSize: Pair = [input.shape[1]!, input.shape[2]!];
  checkWhole(op, 'stride', stride, 1);
  checkWhole(op, 'dilation', dilation, 1);
  checkWhole(op, 'padding', padding, 0);
  checkWhole(op, 'groups', [groups], 1);
  if (inChannels % groups !== 0) {
    throw new ShapeError(`${op}: groups ${groups} does not divide ${inChannels} input channels`);
  }
  if (outChannels % groups !== 0) {
    throw new ShapeError(`${op}: groups ${groups} does not divide ${outChannels} output channels`);
  }
  const [top, right, bottom, left] = padding;
  const padded: Pair = [inputSize[0] + top + bottom, inputSize[1] + left + right];
  const extentOf = (axis: Axis): number => (kernelSize[axis] - 1) * dilation[axis] + 1;
  const extent: Pair = [extentOf(0), extentOf(1)];
  if (extent[0] > padded[0] || extent[1] > padded[1]) {
    throw new ShapeError(
      `${op}: kernel ${extent.join('×')} is larger than the padded input ${padded.join('×')}`,
    );
  }
  const outputSize: Pair = [
    Math.floor((padded[0] - extent[0]) / stride[0]) + 1,
    Math.floor((padded[1] - extent[1]) / stride[1]) + 1,
  ];
  return {
    batch,
    inputSize,
    inChannels,
    kernelSize,
    outputSize,
    outChannels,
    stride,
    padding,
    dilation,
    groups,
  };
}

/** Shape of the output, `[N, OH, OW, O]`. */
export function outputShape(conv: ConvShape): Shape {
  return [conv.batch, ...conv.outputSize, conv.outChannels];
}

/** The arguments that every kernel of a convolution takes for it, as `ConvGeometry` of the crate. */
export function geometryArgs(conv: ConvShape): Record<string, number> {
  const [height, width] = conv.inputSize;
  const [outHeight, outWidth] = conv.outputSize;
  const [kernelHeight, kernelWidth] = conv.kernelSize;
  const [strideHeight, strideWidth] = conv.stride;
  const [padTop, , , padLeft] = conv.padding;
  const [dilationHeight, dilationWidth] = conv.dilation;
  const { batch, inChannels, outChannels, groups } = conv;
  return {
    batch,
    height,
    width,
    inChannels,
    outHeight,
    outWidth,
    outChannels,
    kernelHeight,
    kernelWidth,
    strideHeight,
    strideWidth,
    padTop,
    padLeft,
    dilationHeight,
    dilationWidth,
    groups,
  };
}

/** Throws {@link ShapeError} unless all are whole numbers of at least `least`. */
export function checkWhole(
  op: string,
  what: string,
  values: readonly number[],
  least: number,
): void {
  for (const value of values) {
    if (!Number.isInteger(value) || value < least) {
      throw new ShapeError(`${op}: ${what} ${value} is not a whole number of at least ${least}`);
    }
  }
}

/**
 * The input positions `stride·t + offset` of one axis, and the plain convolution (stride 1, reversed taps) that gives
 * their gradient from the output's: no zeros are inserted between output pixels.
 */
export interface Phase {
  readonly offset: number;
  /** How many positions there are. */
  readonly size: number;
  /** Kernel taps that reach them, `firstTap + j·tapStep`; none when the stride skips these positions. */
  readonly taps: number;
  readonly firstTap: number;
  readonly tapStep: number;
  /** Padding before the output's gradient; negative where it is cropped. */
  readonly padding: number;
  readonly dilation: number;
}

/** Splits an axis of `size` input positions into `stride` phases. */
export function phasesOf(
  size: number,
  kernel: number,
  stride: number,
  padding: number,
  dilation: number,
): Phase[] {
  const shared = gcd(dilation, stride);
  const [tapStep, step] = [stride / shared, dilation / shared];
  return Array.from({ length: Math.min(stride, size) }, (_, offset) => {
    let firstTap = 0;
    while (firstTap < tapStep && (offset + padding - firstTap * dilation) % stride !== 0)
      firstTap++;
    const reached = firstTap < tapStep && firstTap < kernel;
    const taps = reached ? Math.ceil((kernel - firstTap) / tapStep) : 0;
    const start = (offset + padding - firstTap * dilation) / stride;
    return {
      offset,
      size: Math.ceil((size - offset) / stride),
      taps,
      firstTap,
      tapStep,
      padding: reached ? (taps - 1) * step - start : 0,
      dilation: step,
    };
  });
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}
