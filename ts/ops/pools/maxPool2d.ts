import { sizeOf } from '../../base/shape.ts';
import type { Shape } from '../../base/shape.ts';
import { at } from '../args.ts';
import { elementwiseChunks } from '../chunks.ts';
import type { Pair } from '../conv2d/geometry.ts';
import { expectAxes, expectType } from '../expect.ts';
import type { Op } from '../op.ts';
import { poolShape } from './poolShape.ts';
import type { PoolGeometry } from './poolShape.ts';

/** Sizes of the input, which the gradient cannot know from dy. */
export interface MaxPool2dBackwardAttrs extends PoolGeometry {
  readonly inputSize: Pair;
}

/** Arguments that both passes take for an image of this shape and the output's height and width. */
function geometryArgs(image: Shape, out: Shape, pool: PoolGeometry): Record<string, number> {
  const [images, height, width, channels] = image as [number, number, number, number];
  const { kernelSize, stride, dilation, padding } = pool;
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
    dilationHeight: dilation[0],
    dilationWidth: dilation[1],
    padTop: padding[0],
    padLeft: padding[3],
  };
}

/**
 * Maximum over windows: x `[N, H, W, C]` → y `[N, OH, OW, C]` and the places `h·W + w` of the maxima (i32). The first
 * maximum wins, a NaN is greater than all, padding takes no part.
 */
export const maxPool2d: Op<PoolGeometry> = {
  name: 'maxPool2d',
  infer([x], pool) {
    expectAxes('maxPool2d', 'input', x!, 'NHWC');
    const shape = poolShape('maxPool2d', x!.shape, pool);
    return [
      { shape, dtype: 'f32' },
      { shape, dtype: 'i32' },
    ];
  },
  lower(to, [x], [y, index], pool) {
    to.step({
      kernel: 'maxPool2d.forward.f32/simd',
      chunks: elementwiseChunks(sizeOf(x!.shape)),
      args: {
        ...at('x', x!),
        ...at('y', y!),
        ...at('index', index!),
        ...geometryArgs(x!.shape, y!.shape, pool),
      },
    });
  },
  gradient(apply, { inputs: [x], outputs: [, index], dys: [dy], attrs }) {
    const inputSize: Pair = [x!.shape[1]!, x!.shape[2]!];
    return apply(maxPool2dBackward, [dy!, index!], { ...attrs, inputSize });
  },
};

/** Gradient of {@link maxPool2d}: inputs dy and the places, output dx `[N, H, W, C]`. */
export const maxPool2dBackward: Op<MaxPool2dBackwardAttrs> = {
  name: 'maxPool2dBackward',
  infer([dy, index], { inputSize }) {
    expectAxes('maxPool2dBackward', 'dy', dy!, 'NHWC');
    expectType('maxPool2dBackward', 'index', index!, 'i32');
    return [{ shape: [dy!.shape[0]!, ...inputSize, dy!.shape[3]!], dtype: 'f32' }];
  },
  lower(to, [dy, index], [dx], pool) {
    to.step({
      kernel: 'maxPool2d.backward.f32/simd',
      chunks: elementwiseChunks(sizeOf(dx!.shape)),
      args: {
        ...at('dy', dy!),
        ...at('index', index!),
        ...at('dx', dx!),
        ...geometryArgs(dx!.shape, dy!.shape, pool),
      },
    });
  },
};
