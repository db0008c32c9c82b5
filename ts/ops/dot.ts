import { sizeOf } from '../base/shape.ts';
import { at, rows } from './args.ts';
import { elementwiseChunks } from './chunks.ts';
import { expectAxes, expectShape, expectType } from './expect.ts';
import type { Lowering, Op, View } from './op.ts';

/** `y = Σ a·b` over all elements; inputs a, b of one shape, output `[]`. Summed in f64 in a fixed order. */
export const dot: Op<object> = {
  name: 'dot',
  // The order of the sum, and so its last bit, depends on the gaps.
  denseInputs: [0, 1],
  infer([a, b]) {
    expectType('dot', 'first input', a!, 'f32');
    expectShape('dot', 'second input', b!, a!.shape, 'the first has');
    return [{ shape: [], dtype: 'f32' }];
  },
  lower: (to, [a, b], [y]) => lowerDot(to, a!, b!, y!),
  gradient: (apply, { inputs: [a, b], dys: [dy], needs }) => [
    needs[0] ? apply(scaleBy, [b!, dy!], {})[0] : undefined,
    needs[1] ? apply(scaleBy, [a!, dy!], {})[0] : undefined,
  ],
};

/** `y = x·s`; inputs x of any shape, s `[]`. Its gradient by s is a dot product, as that of a dot product scales. */
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

/** Emits the two steps of `y = Σ a·b`. */
export function lowerDot(to: Lowering, a: View, b: View, y: View): void {
  const parts = elementwiseChunks(sizeOf(a.shape));
  const partials = to.workspace(8 * parts);
  to.step({
    kernel: 'multiply.partials.f32/simd',
    chunks: parts,
    args: { ...at('a', a), ...at('b', b), ...rows(a), partials },
  });
  to.step({
    kernel: 'multiply.sum.f32/scalar',
    chunks: 1,
    args: { partials, parts, y: y.pointer },
  });
}
