import type { Shape } from '../../base/shape.ts';
import { ofExtra } from '../ofExtra.ts';
import type { One } from '../places.ts';
import { runsOf } from './axes.ts';
import { lowerExpand } from './lowerReduce.ts';

/** Settings of {@link expandAxes}. */
export interface ExpandAxesAttrs {
  /** Shape of the output. */
  readonly shape: Shape;
  /** Axes of the output that x is repeated along. */
  readonly axes: readonly number[];
  readonly divisor: number;
}

/** `y = x / divisor`, repeated along some axes: the gradient of a sum or mean over them. */
export const expandAxes = /* @__PURE__ */ ofExtra<{ x: One }, { y: One }, ExpandAxesAttrs>({
  name: 'expandAxes',
  denseInputs: ['x'],
  denseOutputs: ['y'],
  infer: (_, { shape }) => ({ y: { shape, dtype: 'f32' } }),
  lower: (to, { x }, { y }, { axes, divisor }) =>
    lowerExpand(to, x.pointer, y.pointer, runsOf(y.shape, axes), divisor),
});
