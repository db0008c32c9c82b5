import { sizeOf } from '../../base/shape.ts';
import type { Spec } from '../../base/shape.ts';
import { at, imagesOf } from '../args.ts';
import { elementwiseChunks } from '../chunks.ts';
import type { Pair } from '../conv2d/geometry.ts';
import { expectAxes, expectType } from '../expect.ts';
import type { Op } from '../op.ts';
import type { One } from '../places.ts';
import { poolShape } from './poolShape.ts';
import type { PoolGeometry } from './poolShape.ts';

/** Settings of {@link maxPool2dBackward}. */
export interface MaxPool2dBackwardAttrs extends PoolGeometry {
  /** Height and width of the input, which dy does not tell. */
  readonly inputSize: Pair;
}

/** Arguments that both passes take for an image and the result of pooling it. */
function geometryArgs(image: Spec, pooled: Spec, pool: PoolGeometry): Record<string, number> {
  const { height: outHeight, width: outWidth } = imagesOf(pooled);
  const { kernelSize, stride, dilation, padding } = pool;
  return {
    ...imagesOf(image),
    outHeight,
    outWidth,
    kernelHeight: kernelSize[0],
    kernelWidth: kernelSize[1],
    strideHeight: stride[0],
    strideWidth: stride[1],
    dilationHeight: dilation[0],
    dilationWidth: dilation[1],
    padTop: padding[0],
    padLeft: padding[3],
  };
}

/**
 * Maximum over windows: x `[N, H, W, C]`, y `[N, OH, OW, C]`, and index of its shape (i32), the places `h·W + w` of the
 * maxima. The first maximum wins, a NaN is greater than all, padding takes no part.
 */
export const maxPool2d: Op<{ x: One }, { y: One; index: One }, PoolGeometry> = {
  name: 'maxPool2d',
  infer({ x }, pool) {
    expectAxes('maxPool2d', 'input', x, 'NHWC');
    const shape = poolShape('maxPool2d', x, pool);
    return { y: { shape, dtype: 'f32' }, index: { shape, dtype: 'i32' } };
  },
  lower(to, { x }, { y, index }, pool) {
    to.step({
      kernel: 'maxPool2d.forward.f32/simd',
      chunks: elementwiseChunks(sizeOf(x.shape)),
      args: { ...at('x', x), ...at('y', y), ...at('index', index), ...geometryArgs(x, y, pool) },
    });
  },
  gradient(apply, { inputs: { x }, outputs: { index }, dys: { y: dy }, attrs }) {
    if (!dy) return {};
    const { height, width } = imagesOf(x);
    const { dx } = apply(
      maxPool2dBackward,
      { dy, index },
      { ...attrs, inputSize: [height, width] },
    );
    return { x: dx };
  },
};

/** Gradient of {@link maxPool2d}: dy and index `[N, OH, OW, C]`, dx `[N, H, W, C]`. */
export const maxPool2dBackward: Op<{ dy: One; index: One }, { dx: One }, MaxPool2dBackwardAttrs> = {
  name: 'maxPool2dBackward',
  infer({ dy, index }, { inputSize }) {
    expectAxes('maxPool2dBackward', 'dy', dy, 'NHWC');
    expectType('maxPool2dBackward', 'index', index, 'i32');
    const { images, channels } = imagesOf(dy);
    return { dx: { shape: [images, ...inputSize, channels], dtype: 'f32' } };
  },
  lower(to, { dy, index }, { dx }, pool) {
    to.step({
      kernel: 'maxPool2d.backward.f32/simd',
      chunks: elementwiseChunks(sizeOf(dx.shape)),
      args: {
        ...at('dy', dy),
        ...at('index', index),
        ...at('dx', dx),
        ...geometryArgs(dx, dy, pool),
      },
    });
  },
};
