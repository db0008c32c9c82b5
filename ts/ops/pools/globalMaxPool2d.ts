import { ShapeError } from '../../base/errors.ts';
import { formatShape } from '../../base/shape.ts';
import { imagesOf } from '../args.ts';
import { expectAxes, expectType } from '../expect.ts';
import type { Op, View } from '../op.ts';
import type { One } from '../places.ts';
import type { Pair } from '../conv2d/geometry.ts';
import { maxPool2d, maxPool2dBackward } from './maxPool2d.ts';
import type { PoolGeometry } from './poolShape.ts';

/** Settings of {@link globalMaxPool2dBackward}. */
export interface GlobalMaxPool2dBackwardAttrs {
  /** Height and width of the input, which dy does not tell. */
  readonly inputSize: Pair;
}

/** One window that is the image. */
const wholeImage = (kernelSize: Pair): PoolGeometry => ({
  kernelSize,
  stride: [1, 1],
  padding: [0, 0, 0, 0],
  dilation: [1, 1],
  ceilMode: false,
});

/** `[N, C]` as `[N, 1, 1, C]`. */
function asImages(view: View): View {
  const [images, channels] = view.shape as [number, number];
  return { ...view, shape: [images, 1, 1, channels] };
}

/**
 * Maximum over all pixels of an image: x `[N, H, W, C]`, y `[N, C]`, and index `[N, C]` (i32), the places `h·W + w` of the maxima. The
 * first maximum wins, a NaN is greater than all.
 */
export const globalMaxPool2d: Op<{ x: One }, { y: One; index: One }, object> = {
  name: 'globalMaxPool2d',
  infer({ x }) {
    expectAxes('globalMaxPool2d', 'input', x, 'NHWC');
    const { images, height, width, channels } = imagesOf(x);
    if (height === 0 || width === 0) {
      const facts = `input ${formatShape(x.shape)} has ${height}×${width}`;
      throw new ShapeError(`globalMaxPool2d: a maximum needs pixels but ${facts}`);
    }
    const shape = [images, channels];
    return { y: { shape, dtype: 'f32' }, index: { shape, dtype: 'i32' } };
  },
  lower(to, { x }, { y, index }) {
    const { height, width } = imagesOf(x);
    const outputs = { y: asImages(y), index: asImages(index) };
    maxPool2d.lower(to, { x }, outputs, wholeImage([height, width]));
  },
  gradient(apply, { inputs: { x }, outputs: { index }, dys: { y: dy } }) {
    if (!dy) return {};
    const { height, width } = imagesOf(x);
    return { x: apply(globalMaxPool2dBackward, { dy, index }, { inputSize: [height, width] }).dx };
  },
};

/** Gradient of {@link globalMaxPool2d}: dy and index `[N, C]`, dx `[N, H, W, C]`. */
export const globalMaxPool2dBackward: Op<
  { dy: One; index: One },
  { dx: One },
  GlobalMaxPool2dBackwardAttrs
> = {
  name: 'globalMaxPool2dBackward',
  infer({ dy, index }, { inputSize }) {
    expectAxes('globalMaxPool2dBackward', 'dy', dy, 'NC');
    expectType('globalMaxPool2dBackward', 'index', index, 'i32');
    return { dx: { shape: [dy.shape[0]!, ...inputSize, dy.shape[1]!], dtype: 'f32' } };
  },
  lower(to, { dy, index }, { dx }, { inputSize }) {
    const inputs = { dy: asImages(dy), index: asImages(index) };
    maxPool2dBackward.lower(to, inputs, { dx }, { ...wholeImage(inputSize), inputSize });
  },
};
