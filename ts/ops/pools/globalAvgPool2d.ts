import { lowerAdaptive } from './adaptiveAvgPool2d.ts';
import type { AdaptiveAvgPool2dBackwardAttrs } from './adaptiveAvgPool2d.ts';
import { expectAxes } from '../expect.ts';
import type { Op } from '../op.ts';

/** Mean over all pixels of an image: x `[N, H, W, C]` → `[N, C]`. */
export const globalAvgPool2d: Op<object> = {
  name: 'globalAvgPool2d',
  infer([x]) {
    expectAxes('globalAvgPool2d', 'input', x!, 'NHWC');
    return [{ shape: [x!.shape[0]!, x!.shape[3]!], dtype: 'f32' }];
  },
  lower: (to, [x], [y]) => lowerAdaptive(to, 'forward', x!, y!, x!.shape, [1, 1]),
  gradient(apply, { inputs: [x], dys: [dy] }) {
    return apply(globalAvgPool2dBackward, [dy!], { inputSize: [x!.shape[1]!, x!.shape[2]!] });
  },
};

/** Gradient of {@link globalAvgPool2d}: input dy `[N, C]`, output dx `[N, H, W, C]`. */
export const globalAvgPool2dBackward: Op<AdaptiveAvgPool2dBackwardAttrs> = {
  name: 'globalAvgPool2dBackward',
  infer([dy], { inputSize }) {
    expectAxes('globalAvgPool2dBackward', 'dy', dy!, 'NC');
    return [{ shape: [dy!.shape[0]!, ...inputSize, dy!.shape[1]!], dtype: 'f32' }];
  },
  lower: (to, [dy], [dx]) => lowerAdaptive(to, 'backward', dy!, dx!, dx!.shape, [1, 1]),
};
