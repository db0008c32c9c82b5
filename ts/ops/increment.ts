import { ShapeError } from '../base/errors.ts';
import { formatShape } from '../base/shape.ts';
import type { Op } from './op.ts';
import type { One } from './places.ts';

/** `counter ← counter + 1` in place: counter `[]`, f32 or i32. */
export const increment: Op<{ counter: One }, object, object> = {
  name: 'increment',
  mutates: ['counter'],
  infer({ counter: { shape } }) {
    if (shape.length > 0) {
      throw new ShapeError(`increment: counter has shape ${formatShape(shape)} but must be []`);
    }
    return {};
  },
  lower(to, { counter }) {
    const kernel = `increment.forward.${counter.dtype}/scalar`;
    to.step({ kernel, chunks: 1, args: { x: counter.pointer } });
  },
};
