import { lowerAdaptive } from './adaptiveAvgPool2d.ts';
import type { AdaptiveAvgPool2dBackwardAttrs } from './adaptiveAvgPool2d.ts';
import { imagesOf } from '../args.ts';
import { expectAxes } from '../expect.ts';
import type { Op } from '../op.ts';
import type { One } from '../places.ts';

/** Mean over all pixels of an image: x `[N, H, W, C]`, y `[N, C]`. */
export const globalAvgPool2d: Op<{ x: One }, { y: One }, object> = {
  name: 'globalAvgPool2d',
  infer({ x }) {
    expectAxes('globalAvgPool2d', 'input', x, 'NHWC');
    const { images, channels } = imagesOf(x);
    return { y: { shape: [images, channels], dtype: 'f32' } };
  },
  lower: (to, { x }, { y }) => lowerAdaptive(to, 'forward', x, y, x, [1, 1]),
  gradient(apply, { inputs: { x }, dys: { y: dy } }) {
    if (!dy) return {};
    const { height, width } = imagesOf(x);
    return { x: apply(globalAvgPool2dBackward, { dy }, { inputSize: [height, width] }).dx };
  },
};

/** Gradient of {@link globalAvgPool2d}: dy `[N, C]`, dx `[N, H, W, C]`. */
export const globalAvgPool2dBackward: Op<{ dy: One }, { dx: One }, AdaptiveAvgPool2dBackwardAttrs> =
  {
    name: 'globalAvgPool2dBackward',
    infer({ dy }, { inputSize }) {
      expectAxes('globalAvgPool2dBackward', 'dy', dy, 'NC');
      return { dx: { shape: [dy.shape[0]!, ...inputSize, dy.shape[1]!], dtype: 'f32' } };
    },
    lower: (to, { dy }, { dx }) => lowerAdaptive(to, 'backward', dy, dx, dx, [1, 1]),
  };
