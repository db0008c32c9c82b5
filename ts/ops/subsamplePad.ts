import { ShapeError } from '../base/errors.ts';
import { sizeOf } from '../base/shape.ts';
import { at } from './args.ts';
import { elementwiseChunks } from './chunks.ts';
import { expectAxes } from './expect.ts';
import type { Op } from './op.ts';

/** `before` and `after` count the channels of zeros on either side. */
export interface SubsamplePadAttrs {
  readonly stride: number;
  readonly before: number;
  readonly after: number;
}

/** Sizes of the input, which the gradient cannot know from dy. */
export interface SubsamplePadBackwardAttrs extends SubsamplePadAttrs {
  readonly inputSize: readonly [height: number, width: number];
}

/**
 * Shortcut A: `y[n, h, w, before + c] = x[n, h·stride, w·stride, c]`, zeros in the other channels;
 * x `[N, H, W, C]` → `[N, ⌈H/stride⌉, ⌈W/stride⌉, before + C + after]`.
 *
 * Source: He et al., "Deep residual learning for image recognition", 2015, section 3.3, option A.
 */
export const subsamplePad: Op<SubsamplePadAttrs> = {
  name: 'subsamplePad',
  infer([x], { stride, before, after }) {
    expectAxes('subsamplePad', 'input', x!, 'NHWC');
    if (!(Number.isInteger(stride) && stride >= 1)) {
      throw new ShapeError(`subsamplePad: stride is ${stride} but must be a whole number ≥ 1`);
    }
    if ([before, after].some((count) => !Number.isInteger(count) || count < 0)) {
      const facts = `${before} channels before and ${after} after`;
      throw new ShapeError(`subsamplePad: ${facts} but both must be whole numbers ≥ 0`);
    }
    const [n, h, w, c] = x!.shape as [number, number, number, number];
    const shape = [n, Math.ceil(h / stride), Math.ceil(w / stride), before + c + after];
    return [{ shape, dtype: 'f32' }];
  },
  lower(to, [x], [y], { stride, before, after }) {
    const [images, height, width, channels] = x!.shape as [number, number, number, number];
    to.step({
      kernel: 'subsamplePad.forward.f32/simd',
      chunks: elementwiseChunks(sizeOf(y!.shape)),
      args: {
        ...at('x', x!),
        ...at('y', y!),
        images,
        height,
        width,
        channels,
        stride,
        before,
        after,
      },
    });
  },
  gradient(apply, { inputs: [x], dys: [dy], attrs }) {
    const inputSize = [x!.shape[1]!, x!.shape[2]!] as const;
    return apply(subsamplePadBackward, [dy!], { ...attrs, inputSize });
  },
};

/** Gradient of {@link subsamplePad}: input dy, output dx `[N, H, W, C]`. */
export const subsamplePadBackward: Op<SubsamplePadBackwardAttrs> = {
  name: 'subsamplePadBackward',
  infer([dy], { before, after, inputSize }) {
    expectAxes('subsamplePadBackward', 'dy', dy!, 'NHWC');
    return [{ shape: [dy!.shape[0]!, ...inputSize, dy!.shape[3]! - before - after], dtype: 'f32' }];
  },
  lower(to, [dy], [dx], { stride, before }) {
    const [images, height, width, channels] = dx!.shape as [number, number, number, number];
    to.step({
      kernel: 'subsamplePad.backward.f32/simd',
      chunks: elementwiseChunks(sizeOf(dx!.shape)),
      args: { ...at('dy', dy!), ...at('dx', dx!), images, height, width, channels, stride, before },
    });
  },
};
