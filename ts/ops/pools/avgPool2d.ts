import { sizeOf } from '../../base/shape.ts';
import type { Spec } from '../../base/shape.ts';
import { at, imagesOf } from '../args.ts';
import { elementwiseChunks } from '../chunks.ts';
import type { Pair, Sides } from '../conv2d/geometry.ts';
import { expectAxes } from '../expect.ts';
import type { Op } from '../op.ts';
import type { One } from '../places.ts';
import { poolShape } from './poolShape.ts';

/** How the window moves, and whether zeros of the padding count in the mean. */
export interface AvgPool2dAttrs {
  readonly kernelSize: Pair;
  readonly stride: Pair;
  readonly padding: Sides;
  readonly ceilMode: boolean;
  readonly countIncludePad: boolean;
}

/** Settings of {@link avgPool2dBackward}. */
export interface AvgPool2dBackwardAttrs extends AvgPool2dAttrs {
  /** Height and width of the input, which dy does not tell. */
  readonly inputSize: Pair;
}

/** Arguments that both passes take for an image and the result of pooling it. */
function geometryArgs(image: Spec, pooled: Spec, pool: AvgPool2dAttrs): Record<string, number> {
  const { height: outHeight, width: outWidth } = imagesOf(pooled);
  const { kernelSize, stride, padding, countIncludePad } = pool;
  return {
    ...imagesOf(image),
    outHeight,
    outWidth,
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

/** Mean over windows: x `[N, H, W, C]`, y `[N, OH, OW, C]`. */
export const avgPool2d: Op<{ x: One }, { y: One }, AvgPool2dAttrs> = {
  name: 'avgPool2d',
  infer({ x }, pool) {
    expectAxes('avgPool2d', 'input', x, 'NHWC');
    const shape = poolShape('avgPool2d', x, { ...pool, dilation: [1, 1] });
    return { y: { shape, dtype: 'f32' } };
  },
  lower(to, { x }, { y }, pool) {
    to.step({
      kernel: 'avgPool2d.forward.f32/simd',
      chunks: elementwiseChunks(sizeOf(x.shape)),
      args: { ...at('from', x), ...at('to', y), ...geometryArgs(x, y, pool) },
    });
  },
  gradient(apply, { inputs: { x }, dys: { y: dy }, attrs }) {
    if (!dy) return {};
    const { height, width } = imagesOf(x);
    return { x: apply(avgPool2dBackward, { dy }, { ...attrs, inputSize: [height, width] }).dx };
  },
};

/** Gradient of {@link avgPool2d}: dy `[N, OH, OW, C]`, dx `[N, H, W, C]`. */
export const avgPool2dBackward: Op<{ dy: One }, { dx: One }, AvgPool2dBackwardAttrs> = {
  name: 'avgPool2dBackward',
  infer({ dy }, { inputSize }) {
    expectAxes('avgPool2dBackward', 'dy', dy, 'NHWC');
    const { images, channels } = imagesOf(dy);
    return { dx: { shape: [images, ...inputSize, channels], dtype: 'f32' } };
  },
  lower(to, { dy }, { dx }, pool) {
    to.step({
      kernel: 'avgPool2d.backward.f32/simd',
      chunks: elementwiseChunks(sizeOf(dx.shape)),
      args: { ...at('from', dy), ...at('to', dx), ...geometryArgs(dx, dy, pool) },
    });
  },
};
