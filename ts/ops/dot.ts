import { sizeOf } from '../base/shape.ts';
import { at, rows } from './args.ts';
import { elementwiseChunks } from './chunks.ts';
import { expectAxes, expectShape, expectType } from './expect.ts';
import type { Lowering, Op, View } from './op.ts';
import type { One } from './places.ts';

/** `y = Σ a·b` over all elements: a and b of one shape, y `[]`. Summed in f64 in a fixed order. */
export const dot: Op<{ a: One; b: One }, { y: One }, object> = {
  name: 'dot',
  // The order of the sum, and so its last bit, depends on the gaps.
  denseInputs: ['a', 'b'],
  infer({ a, b }) {
    expectType('dot', 'first input', a, 'f32');
    expectShape('dot', 'second input', b, a.shape, 'the first has');
    return { y: { shape: [], dtype: 'f32' } };
  },
  lower: (to, { a, b }, { y }) => lowerDot(to, a, b, y),
  gradient(apply, { inputs: { a, b }, dys: { y: dy }, needs }) {
    if (!dy) return {};
    return {
      a: needs.a ? apply(scaleBy, { x: b, s: dy }, {}).y : undefined,
      b: needs.b ? apply(scaleBy, { x: a, s: dy }, {}).y : undefined,
    };
  },
};

/** `y = x·s`: x and y of any one shape, s `[]`. Its gradient by s is a dot product, as that of a dot product scales. */
export const scaleBy: Op<{ x: One; s: One }, { y: One }, object> = {
  name: 'scaleBy',
  inPlace: [['x', 'y']],
  infer({ x, s }) {
    expectType('scaleBy', 'input', x, 'f32');
    expectAxes('scaleBy', 'scale', s, '');
    return { y: { shape: x.shape, dtype: 'f32' } };
  },
  lower(to, { x, s }, { y }) {
    to.step({
      kernel: 'multiply.scale.f32/simd',
      chunks: elementwiseChunks(sizeOf(y.shape)),
      args: { ...at('x', x), scale: s.pointer, ...at('y', y), ...rows(y) },
    });
  },
  gradient(apply, { inputs: { x, s }, dys: { y: dy }, needs }) {
    if (!dy) return {};
    return {
      x: needs.x ? apply(scaleBy, { x: dy, s }, {}).y : undefined,
      s: needs.s ? apply(dot, { a: dy, b: x }, {}).y : undefined,
    };
  },
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
