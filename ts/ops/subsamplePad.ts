import { ShapeError } from '../base/errors.ts';
import { sizeOf } from '../base/shape.ts';
import { at, imagesOf } from './args.ts';
import { elementwiseChunks } from './chunks.ts';
import { expectAxes } from './expect.ts';
import type { Op } from './op.ts';
import type { One } from './places.ts';

/** Settings of {@link subsamplePad}. */
export interface SubsamplePadAttrs {
  /** Pixels from one that is taken to the next, in both axes. */
  readonly stride: number;
  /** Channels of zeros before those of x. */
  readonly before: number;
  /** Channels of zeros after those of x. */
  readonly after: number;
}

/** Settings of {@link subsamplePadBackward}. */
export interface SubsamplePadBackwardAttrs extends SubsamplePadAttrs {
  /** Size of the input, which dy does not tell. */
  readonly inputSize: readonly [height: number, width: number];
}

/**
 * Shortcut A: `y[n, h, w, before + c] = x[n, h·stride, w·stride, c]`, zeros in the other channels;
 * x `[N, H, W, C]`, y `[N, ⌈H/stride⌉, ⌈W/stride⌉, before + C + after]`.
 *
 * Source: He et al., "Deep residual learning for image recognition", 2015, section 3.3, option A.
 */
export const subsamplePad: Op<{ x: One }, { y: One }, SubsamplePadAttrs> = {
  name: 'subsamplePad',
  infer({ x }, { stride, before, after }) {
    expectAxes('subsamplePad', 'input', x, 'NHWC');
    if (!(Number.isInteger(stride) && stride >= 1)) {
      throw new ShapeError(`subsamplePad: stride is ${stride} but must be a whole number ≥ 1`);
    }
    if ([before, after].some((count) => !Number.isInteger(count) || count < 0)) {
      const facts = `${before} channels before and ${after} after`;
      throw new ShapeError(`subsamplePad: ${facts} but both must be whole numbers ≥ 0`);
    }
    const { images, height, width, channels } = imagesOf(x);
    const size = [Math.ceil(height / stride), Math.ceil(width / stride)];
    return { y: { shape: [images, ...size, before + channels + after], dtype: 'f32' } };
  },
  lower(to, { x }, { y }, { stride, before, after }) {
    to.step({
      kernel: 'subsamplePad.forward.f32/simd',
      chunks: elementwiseChunks(sizeOf(y.shape)),
      args: { ...at('x', x), ...at('y', y), ...imagesOf(x), stride, before, after },
    });
  },
  gradient(apply, { inputs: { x }, dys: { y: dy }, attrs }) {
    if (!dy) return {};
    const { height, width } = imagesOf(x);
    return {
      x: apply(subsamplePadBackward, { dy }, { ...attrs, inputSize: [height, width] }).dx,
    };
  },
};

/** Gradient of {@link subsamplePad}: dy as y, dx `[N, H, W, C]` with zeros at the pixels that were not taken. */
export const subsamplePadBackward: Op<{ dy: One }, { dx: One }, SubsamplePadBackwardAttrs> = {
  name: 'subsamplePadBackward',
  infer({ dy }, { before, after, inputSize }) {
    expectAxes('subsamplePadBackward', 'dy', dy, 'NHWC');
    const { images, channels } = imagesOf(dy);
    return { dx: { shape: [images, ...inputSize, channels - before - after], dtype: 'f32' } };
  },
  lower(to, { dy }, { dx }, { stride, before }) {
    to.step({
      kernel: 'subsamplePad.backward.f32/simd',
      chunks: elementwiseChunks(sizeOf(dx.shape)),
      args: { ...at('dy', dy), ...at('dx', dx), ...imagesOf(dx), stride, before },
    });
  },
};
