import { ShapeError } from '../../base/errors.ts';
import { formatShape, sizeOf } from '../../base/shape.ts';
import { at, imagesOf } from '../args.ts';
import { elementwiseChunks } from '../chunks.ts';
import type { Pair } from '../conv2d/geometry.ts';
import { expectAxes } from '../expect.ts';
import type { Lowering, Op, View } from '../op.ts';
import type { One } from '../places.ts';

/** Settings of {@link adaptiveAvgPool2d}. */
export interface AdaptiveAvgPool2dAttrs {
  /** Height and width of the output. */
  readonly outputSize: Pair;
}

/** Settings of {@link adaptiveAvgPool2dBackward}. */
export interface AdaptiveAvgPool2dBackwardAttrs {
  /** Height and width of the input, which dy does not tell. */
  readonly inputSize: Pair;
}

/**
 * Mean over windows that divide the image: x `[N, H, W, C]`, y `[N, OH, OW, C]`, where window i of an axis takes the pixels
 * from `⌊i·H/OH⌋` up to `⌈(i + 1)·H/OH⌉`, as in PyTorch.
 */
export const adaptiveAvgPool2d: Op<{ x: One }, { y: One }, AdaptiveAvgPool2dAttrs> = {
  name: 'adaptiveAvgPool2d',
  infer({ x }, { outputSize }) {
    expectAxes('adaptiveAvgPool2d', 'input', x, 'NHWC');
    if (outputSize.some((size) => !Number.isInteger(size) || size < 1)) {
      const facts = `${formatShape(outputSize)} but its values must be whole numbers ≥ 1`;
      throw new ShapeError(`adaptiveAvgPool2d: outputSize is ${facts}`);
    }
    const { images, channels } = imagesOf(x);
    return { y: { shape: [images, ...outputSize, channels], dtype: 'f32' } };
  },
  lower: (to, { x }, { y }, { outputSize }) => lowerAdaptive(to, 'forward', x, y, x, outputSize),
  gradient(apply, { inputs: { x }, dys: { y: dy } }) {
    if (!dy) return {};
    const { height, width } = imagesOf(x);
    return { x: apply(adaptiveAvgPool2dBackward, { dy }, { inputSize: [height, width] }).dx };
  },
};

/** Gradient of {@link adaptiveAvgPool2d}: dy `[N, OH, OW, C]`, dx `[N, H, W, C]`. */
export const adaptiveAvgPool2dBackward: Op<
  { dy: One },
  { dx: One },
  AdaptiveAvgPool2dBackwardAttrs
> = {
  name: 'adaptiveAvgPool2dBackward',
  infer({ dy }, { inputSize }) {
    expectAxes('adaptiveAvgPool2dBackward', 'dy', dy, 'NHWC');
    const { images, channels } = imagesOf(dy);
    return { dx: { shape: [images, ...inputSize, channels], dtype: 'f32' } };
  },
  lower(to, { dy }, { dx }) {
    const { height, width } = imagesOf(dy);
    lowerAdaptive(to, 'backward', dy, dx, dx, [height, width]);
  },
};

/** Emits a pass over an image of this shape with so many windows. */
export function lowerAdaptive(
  to: Lowering,
  pass: 'forward' | 'backward',
  from: View,
  result: View,
  image: View,
  [outHeight, outWidth]: Pair,
): void {
  to.step({
    kernel: `adaptiveAvgPool2d.${pass}.f32/simd`,
    chunks: elementwiseChunks(sizeOf(image.shape)),
    args: { ...at('from', from), ...at('to', result), ...imagesOf(image), outHeight, outWidth },
  });
}
