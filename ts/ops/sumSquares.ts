import { lowerDot, scaleBy } from './dot.ts';
import { expectType } from './expect.ts';
import { fill } from './fill.ts';
import type { Op } from './op.ts';
import type { One } from './places.ts';

/** `y = Σ x²` over all elements: x of any shape, y `[]`. Summed in f64 in a fixed order. */
export const sumSquares: Op<{ x: One }, { y: One }, object> = {
  name: 'sumSquares',
  denseInputs: ['x'],
  infer({ x }) {
    expectType('sumSquares', 'input', x, 'f32');
    return { y: { shape: [], dtype: 'f32' } };
  },
  lower: (to, { x }, { y }) => lowerDot(to, x, x, y),
  gradient(apply, { inputs: { x }, dys: { y: dy } }) {
    if (!dy) return {};
    const { y: two } = apply(fill, {}, { value: 2, shape: [] });
    const { y: twice } = apply(scaleBy, { x: dy, s: two }, {});
    return { x: apply(scaleBy, { x, s: twice }, {}).y };
  },
};
