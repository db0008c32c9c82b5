import { sizeOf } from '../base/shape.ts';
import type { Op } from './op.ts';

/** Ends the run of a plan when its input has a NaN or infinite element; eagerly it does nothing. */
export const guardFinite: Op<object> = {
  name: 'guardFinite',
  denseInputs: [0],
  mutates: [],
  infer: () => [],
  lower(to, [x]) {
    to.step({
      kernel: 'guard.finite.f32/scalar',
      chunks: 1,
      args: { x: x!.pointer, count: sizeOf(x!.shape) },
    });
  },
};
