import { ShapeError } from '../../base/errors.ts';
import { expectWhole } from '../../base/settings.ts';
import { formatShape, type Shape } from '../../base/shape.ts';
import { imagesOf } from '../args.ts';
import { expectAxes } from '../expect.ts';
import { ofExtra } from '../ofExtra.ts';
import type { Op, View } from '../op.ts';
import type { One } from '../places.ts';
import { lowerMove } from './lowerMove.ts';
import { stridesOf, type Strided } from './strides.ts';

/** Settings of both ops. */
export interface PixelShuffleAttrs {
  /** Pixels on either side of the square that the channels of one pixel become. */
  readonly factor: number;
}

const square = (factor: number): number => factor * factor;

/** Sizes of the axes n, h, i, w, j, c in which pixel `(h, w)` of few is pixel `(h·r + i, w·r + j)` of many. */
function sizesOf(few: View, factor: number): Shape {
  const { images, height, width, channels } = imagesOf(few);
  return [images, height, factor, width, factor, channels / square(factor)];
}

/** Those axes in the tensor of few pixels, whose channels are c, i, j. */
function ofFew(few: View, factor: number): Strided {
  const [n, h, w] = stridesOf(few) as [number, number, number];
  return { pointer: few.pointer, strides: [n, h, factor, w, 1, square(factor)] };
}

/** Those axes in the tensor of many pixels. */
function ofMany(many: View, factor: number): Strided {
  const [n, h, w] = stridesOf(many) as [number, number, number];
  return { pointer: many.pointer, strides: [n, factor * h, h, factor * w, w, 1] };
}

/**
 * Channels become pixels, in PyTorch's order: `y[n, h·r + i, w·r + j, c] = x[n, h, w, c·r² + i·r + j]`; x `[N, H, W, C·r²]`,
 * y `[N, H·r, W·r, C]`.
 *
 * Source: Shi et al., "Real-time single image and video super-resolution using an efficient sub-pixel convolutional neural
 * network", 2016.
 */
export const pixelShuffle: Op<{ x: One }, { y: One }, PixelShuffleAttrs> = /* @__PURE__ */ ofExtra<
  { x: One },
  { y: One },
  PixelShuffleAttrs
>({
  name: 'pixelShuffle',
  infer({ x }, { factor }) {
    expectAxes('pixelShuffle', 'input', x, 'NHWC');
    expectWhole('pixelShuffle', 'factor', factor);
    const { images, height, width, channels } = imagesOf(x);
    if (channels % square(factor) !== 0) {
      const facts = `input ${formatShape(x.shape)} has ${channels}`;
      throw new ShapeError(
        `pixelShuffle: factor ${factor} takes channels by ${square(factor)} but ${facts}`,
      );
    }
    const shape = [images, height * factor, width * factor, channels / square(factor)];
    return { y: { shape, dtype: 'f32' } };
  },
  lower(to, { x }, { y }, { factor }) {
    lowerMove(to, sizesOf(x, factor), ofFew(x, factor), ofMany(y, factor));
  },
  gradient: (apply, { dys: { y: dy }, attrs }) =>
    dy ? { x: apply(pixelUnshuffle, { x: dy }, attrs).y } : {},
});

/** Pixels become channels, the inverse of {@link pixelShuffle}: x `[N, H·r, W·r, C]`, y `[N, H, W, C·r²]`. */
export const pixelUnshuffle: Op<{ x: One }, { y: One }, PixelShuffleAttrs> =
  /* @__PURE__ */ ofExtra<{ x: One }, { y: One }, PixelShuffleAttrs>({
    name: 'pixelUnshuffle',
    infer({ x }, { factor }) {
      expectAxes('pixelUnshuffle', 'input', x, 'NHWC');
      expectWhole('pixelUnshuffle', 'factor', factor);
      const { images, height, width, channels } = imagesOf(x);
      if (height % factor !== 0 || width % factor !== 0) {
        const facts = `input ${formatShape(x.shape)} has ${height}×${width}`;
        throw new ShapeError(
          `pixelUnshuffle: factor ${factor} takes pixels by ${factor} but ${facts}`,
        );
      }
      const shape = [images, height / factor, width / factor, channels * square(factor)];
      return { y: { shape, dtype: 'f32' } };
    },
    lower(to, { x }, { y }, { factor }) {
      lowerMove(to, sizesOf(y, factor), ofMany(x, factor), ofFew(y, factor));
    },
    gradient: (apply, { dys: { y: dy }, attrs }) =>
      dy ? { x: apply(pixelShuffle, { x: dy }, attrs).y } : {},
  });
