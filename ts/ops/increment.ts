import { ShapeError } from '../base/errors.ts';
import { formatShape } from '../base/shape.ts';
import type { Op } from './op.ts';

/** Adds 1 to a counter `[]` (f32 or i32) in place; no outputs. */
export const increment: Op<object> = {
  name: 'increment',
  mutates: [0],
  infer([x]) {
    if (x!.shape.length > 0) {
      throw new ShapeError(`increment: counter has shape ${formatShape(x!.shape)} but must be []`);
    }
    return [];
  },
  lower(to, [x]) {
    const kernel = `increment.forward.${x!.dtype}/scalar`;
    to.step({ kernel, chunks: 1, args: { x: x!.pointer } });
  },
};
