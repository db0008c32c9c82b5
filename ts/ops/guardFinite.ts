import { sizeOf } from '../base/shape.ts';
import type { Op } from './op.ts';
import type { One } from './places.ts';

/** Ends the run of a plan when x, of any shape, has a NaN or infinite element; eagerly it does nothing. */
export const guardFinite: Op<{ x: One }, object, object> = {
  name: 'guardFinite',
  denseInputs: ['x'],
  mutates: [],
  infer: () => ({}),
  lower(to, { x }) {
    to.step({
      kernel: 'guard.finite.f32/scalar',
      chunks: 1,
      args: { x: x.pointer, count: sizeOf(x.shape) },
    });
  },
};
