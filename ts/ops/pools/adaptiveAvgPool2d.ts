import { ShapeError } from '../../base/errors.ts';
import { formatShape, sizeOf } from '../../base/shape.ts';
import type { Shape } from '../../base/shape.ts';
import { at } from '../args.ts';
import { elementwiseChunks } from '../chunks.ts';
import type { Pair } from '../conv2d/geometry.ts';
import { expectAxes } from '../expect.ts';
import type { Lowering, Op, View } from '../op.ts';

/** Height and width of the output. */
export interface AdaptiveAvgPool2dAttrs {
  readonly outputSize: Pair;
}

/** Height and width of the input, which the gradient cannot know from dy. */
export interface AdaptiveAvgPool2dBackwardAttrs {
  readonly inputSize: Pair;
}

/**
 * Mean over windows that divide the image: x `[N, H, W, C]` → `[N, OH, OW, C]`, where window i of an axis takes the pixels
 * from `⌊i·H/OH⌋` up to `⌈(i + 1)·H/OH⌉`, as in PyTorch.
 */
export const adaptiveAvgPool2d: Op<AdaptiveAvgPool2dAttrs> = {
  name: 'adaptiveAvgPool2d',
  infer([x], { outputSize }) {
    expectAxes('adaptiveAvgPool2d', 'input', x!, 'NHWC');
    if (outputSize.some((size) => !Number.isInteger(size) || size < 1)) {
      const facts = `${formatShape(outputSize)} but its values must be whole numbers ≥ 1`;
      throw new ShapeError(`adaptiveAvgPool2d: outputSize is ${facts}`);
    }
    return [{ shape: [x!.shape[0]!, ...outputSize, x!.shape[3]!], dtype: 'f32' }];
  },
  lower: (to, [x], [y], { outputSize }) =>
    lowerAdaptive(to, 'forward', x!, y!, x!.shape, outputSize),
  gradient(apply, { inputs: [x], dys: [dy] }) {
    return apply(adaptiveAvgPool2dBackward, [dy!], { inputSize: [x!.shape[1]!, x!.shape[2]!] });
  },
};

/** Gradient of {@link adaptiveAvgPool2d}: input dy, output dx `[N, H, W, C]`. */
export const adaptiveAvgPool2dBackward: Op<AdaptiveAvgPool2dBackwardAttrs> = {
  name: 'adaptiveAvgPool2dBackward',
  infer([dy], { inputSize }) {
    expectAxes('adaptiveAvgPool2dBackward', 'dy', dy!, 'NHWC');
    return [{ shape: [dy!.shape[0]!, ...inputSize, dy!.shape[3]!], dtype: 'f32' }];
  },
  lower: (to, [dy], [dx]) =>
    lowerAdaptive(to, 'backward', dy!, dx!, dx!.shape, [dy!.shape[1]!, dy!.shape[2]!]),
};

/** Emits a pass over an image of this shape with so many windows. */
export function lowerAdaptive(
  to: Lowering,
  pass: 'forward' | 'backward',
  from: View,
  result: View,
  image: Shape,
  [outHeight, outWidth]: Pair,
): void {
  const [images, height, width, channels] = image as [number, number, number, number];
  to.step({
    kernel: `adaptiveAvgPool2d.${pass}.f32/simd`,
    chunks: elementwiseChunks(sizeOf(image)),
    args: {
      ...at('from', from),
      ...at('to', result),
      images,
      height,
      width,
      channels,
      outHeight,
      outWidth,
    },
  });
}
