import { expectType } from '../expect.ts';
import { ofExtra } from '../ofExtra.ts';
import type { One } from '../places.ts';
import { runsOf, type ReduceAttrs } from './axes.ts';
import { expandAxes } from './expandAxes.ts';
import { lowerFold } from './lowerReduce.ts';

/**
 * `y = Σ x` over some axes, 0 over none: x of any shape, y as the settings say. At most 64 numbers are added in f32 before the sum
 * goes on in f64: its error is at most 2⁻¹⁸ of the sum of absolute values.
 */
export const sum = /* @__PURE__ */ ofExtra<{ x: One }, { y: One }, ReduceAttrs>({
  name: 'sum',
  denseInputs: ['x'],
  denseOutputs: ['y'],
  infer({ x }, { shape }) {
    expectType('sum', 'input', x, 'f32');
    return { y: { shape, dtype: 'f32' } };
  },
  lower: (to, { x }, { y }, { axes }) =>
    lowerFold(to, 'sum', x.pointer, y.pointer, runsOf(x.shape, axes), 1),
  gradient: (apply, { inputs: { x }, dys: { y: dy }, attrs: { axes } }) =>
    dy ? { x: apply(expandAxes, { x: dy }, { shape: x.shape, axes, divisor: 1 }).y } : {},
});
