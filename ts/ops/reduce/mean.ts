import { channelsOf } from '../../base/shape.ts';
import { expectType } from '../expect.ts';
import { ofExtra } from '../ofExtra.ts';
import type { One } from '../places.ts';
import { lowerAdaptive } from '../pools/adaptiveAvgPool2d.ts';
import { countOf, runsOf, type ReduceAttrs } from './axes.ts';
import { expandAxes } from './expandAxes.ts';
import { lowerFold } from './lowerReduce.ts';

/**
 * The mean of x over some axes, NaN over none: x of any shape, y as the settings say. That over height and width of images is the
 * global average pool's, bit for bit.
 */
export const mean = /* @__PURE__ */ ofExtra<{ x: One }, { y: One }, ReduceAttrs>({
  name: 'mean',
  denseInputs: ['x'],
  denseOutputs: ['y'],
  infer({ x }, { shape }) {
    expectType('mean', 'input', x, 'f32');
    return { y: { shape, dtype: 'f32' } };
  },
  lower(to, { x }, { y }, { axes }) {
    const count = countOf(x.shape, axes);
    if (x.shape.length === 4 && axes.join() === '1,2' && count > 0) {
      const pooled = { ...y, stride: channelsOf(x.shape) };
      lowerAdaptive(to, 'forward', x, pooled, x, [1, 1]);
      return;
    }
    lowerFold(to, 'sum', x.pointer, y.pointer, runsOf(x.shape, axes), count);
  },
  gradient(apply, { inputs: { x }, dys: { y: dy }, attrs: { axes } }) {
    if (!dy) return {};
    const divisor = countOf(x.shape, axes);
    return { x: apply(expandAxes, { x: dy }, { shape: x.shape, axes, divisor }).y };
  },
});
