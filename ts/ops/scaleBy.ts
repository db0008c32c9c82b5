import { sizeOf } from '../shape.ts';
import { at, rows } from './args.ts';
import { elementwiseChunks } from './chunks.ts';
import { dot } from './dot.ts';
import { expectAxes, expectType } from './expect.ts';
import type { Op } from './op.ts';

/** `y = x·s`; inputs x of any shape, s `[]`. */
export const scaleBy: Op<object> = {
  name: 'scaleBy',
  inPlace: [[0, 0]],
  infer([x, s]) {
    expectType('scaleBy', 'input', x!, 'f32');
    expectAxes('scaleBy', 'scale', s!, '');
    return [{ shape: x!.shape, dtype: 'f32' }];
  },
  lower(to, [x, s], [y]) {
    to.step({
      kernel: 'multiply.scale.f32/simd',
      chunks: elementwiseChunks(sizeOf(y!.shape)),
      args: { ...at('x', x!), scale: s!.pointer, ...at('y', y!), ...rows(y!) },
    });
  },
  gradient: (apply, { inputs: [x, s], dys: [dy], needs }) => [
    needs[0] ? apply(scaleBy, [dy!, s!], {})[0] : undefined,
    needs[1] ? apply(dot, [dy!, x!], {})[0] : undefined,
  ],
};
