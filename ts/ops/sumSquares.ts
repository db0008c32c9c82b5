import { lowerDot, scaleBy } from './dot.ts';
import { expectType } from './expect.ts';
import { fill } from './fill.ts';
import type { Op } from './op.ts';

/** `y = Σ x²` over all elements; output `[]`. Summed in f64 in a fixed order. */
export const sumSquares: Op<object> = {
  name: 'sumSquares',
  denseInputs: [0],
  infer([x]) {
    expectType('sumSquares', 'input', x!, 'f32');
    return [{ shape: [], dtype: 'f32' }];
  },
  lower: (to, [x], [y]) => lowerDot(to, x!, x!, y!),
  gradient(apply, { inputs: [x], dys: [dy] }) {
    const [two] = apply(fill, [], { value: 2, shape: [] });
    const [twice] = apply(scaleBy, [dy!, two!], {});
    return apply(scaleBy, [x!, twice!], {});
  },
};
