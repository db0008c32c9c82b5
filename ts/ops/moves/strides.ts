import type { Shape } from '../../base/shape.ts';
import type { Pointer, Table } from '../../kernels/step.ts';
import { after } from '../args.ts';
import type { View } from '../op.ts';

/** Where elements lie: the first one, and for each axis how many elements further on the next index is. */
export interface Strided {
  readonly pointer: Pointer | Table;
  readonly strides: readonly number[];
}

/** Elements of a view from one index of an axis to the next, for each axis. */
export function stridesOf({ shape, stride }: View): number[] {
  const strides = shape.map(() => 1);
  for (let axis = shape.length - 2; axis >= 0; axis--) {
    strides[axis] = axis === shape.length - 2 ? stride : strides[axis + 1]! * shape[axis + 1]!;
  }
  return strides;
}

/** A whole view. */
export const at = (view: View): Strided => ({ pointer: view.pointer, strides: stridesOf(view) });

/** The part of a view that begins at an index. */
export function partFrom(view: View, start: Shape): Strided {
  const strides = stridesOf(view);
  const offset = start.reduce((sum, index, axis) => sum + index * strides[axis]!, 0);
  return { pointer: after(view.pointer, 4 * offset), strides };
}
