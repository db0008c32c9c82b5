import { sizeOf } from '../../base/shape.ts';
import type { Shape } from '../../base/shape.ts';
import { at } from '../args.ts';
import { elementwiseChunks } from '../chunks.ts';
import type { Pair, Sides } from '../conv2d/geometry.ts';
import { expectAxes } from '../expect.ts';
import type { Op } from '../op.ts';
import { poolShape } from './poolShape.ts';

/** How the window moves, and whether zeros of the padding count in the mean. */
export interface AvgPool2dAttrs {
  readonly kernelSize: Pair;
  readonly stride: Pair;
  readonly padding: Sides;
  readonly ceilMode: boolean;
  readonly countIncludePad: boolean;
}

/** Sizes of the input, which the gradient cannot know from dy. */
export interface AvgPool2dBackwardAttrs extends AvgPool2dAttrs {
  readonly inputSize: Pair;
}

/** Arguments that both passes take for an image of this shape and the output's height and width. */
function geometryArgs(image: Shape, out: Shape, pool: AvgPool2dAttrs): Record<string, number> {
  const [images, height, width, channels] = image as [number, number, number, number];
  const { kernelSize, stride, padding, countIncludePad } = pool;
  return {
    images,
    height,
    width,
    channels,
    outHeight: out[1]!,
    outWidth: out[2]!,
    kernelHeight: kernelSize[0],
    kernelWidth: kernelSize[1],
    strideHeight: stride[0],
    strideWidth: stride[1],
    padTop: padding[0],
    padRight: padding[1],
    padBottom: padding[2],
    padLeft: padding[3],
    countPadding: Number(countIncludePad),
  };
}

/** Mean over windows: x `[N, H, W, C]` → `[N, OH, OW, C]`. */
export const avgPool2d: Op<AvgPool2dAttrs> = {
  name: 'avgPool2d',
  infer([x], pool) {
    expectAxes('avgPool2d', 'input', x!, 'NHWC');
    const shape = poolShape('avgPool2d', x!.shape, { ...pool, dilation: [1, 1] });
    return [{ shape, dtype: 'f32' }];
  },
  lower(to, [x], [y], pool) {
    to.step({
      kernel: 'avgPool2d.forward.f32/simd',
      chunks: elementwiseChunks(sizeOf(x!.shape)),
      args: { ...at('from', x!), ...at('to', y!), ...geometryArgs(x!.shape, y!.shape, pool) },
    });
  },
  gradient(apply, { inputs: [x], dys: [dy], attrs }) {
    const inputSize: Pair = [x!.shape[1]!, x!.shape[2]!];
    return apply(avgPool2dBackward, [dy!], { ...attrs, inputSize });
  },
};

/** Gradient of {@link avgPool2d}: input dy, output dx `[N, H, W, C]`. */
export const avgPool2dBackward: Op<AvgPool2dBackwardAttrs> = {
  name: 'avgPool2dBackward',
  infer([dy], { inputSize }) {
    expectAxes('avgPool2dBackward', 'dy', dy!, 'NHWC');
    return [{ shape: [dy!.shape[0]!, ...inputSize, dy!.shape[3]!], dtype: 'f32' }];
  },
  lower(to, [dy], [dx], pool) {
    to.step({
      kernel: 'avgPool2d.backward.f32/simd',
      chunks: elementwiseChunks(sizeOf(dx!.shape)),
      args: { ...at('from', dy!), ...at('to', dx!), ...geometryArgs(dx!.shape, dy!.shape, pool) },
    });
  },
};
