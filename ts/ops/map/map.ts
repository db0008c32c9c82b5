import { ShapeError } from '../../base/errors.ts';
import { bytesOf, formatShape, sameShape, sizeOf } from '../../base/shape.ts';
import { after } from '../args.ts';
import { elementwiseChunks } from '../chunks.ts';
import { expectType } from '../expect.ts';
import { ofExtra } from '../ofExtra.ts';
import type { Apply, Op, View } from '../op.ts';
import type { One } from '../places.ts';
import { mapArgs, MOST_INPUTS } from './args.ts';
import { costOf } from './code.ts';
import { encode } from './encode.ts';
import type { Formula } from './formula.ts';
import { broadcastShape, partsOf } from './layout.ts';
import { join } from './join.ts';
import { follow } from './follow.ts';
import { trimmed, type Program } from './program.ts';
import { sumTo } from './sumTo.ts';
import type { Spec } from '../../base/shape.ts';

/**
 * `y = formula(x₀, x₁, …)` element by element. Inputs broadcast: axes are compared from the last on, and those of size 1, or that are not
 * there, repeat. Each instruction rounds to f32.
 */
export const map: Op<{ parts: readonly One[] }, { y: One }, Formula> = /* @__PURE__ */ ofExtra<
  { parts: readonly One[] },
  { y: One },
  Formula
>({
  name: 'map',
  join,
  follow,
  title: ({ name }) => `map: ${name}`,
  inPlace: Array.from({ length: MOST_INPUTS }, (_, i) => [`parts.${i}`, 'y'] as never),
  infer({ parts }, { name, like }) {
    parts.forEach((part, i) => {
      expectType(name, parts.length > 1 ? `input ${i}` : 'input', part, 'f32');
    });
    const shape = broadcastShape(
      name,
      parts.map((part) => part.shape),
    );
    const own = like === undefined ? shape : parts[like]!.shape;
    if (!sameShape(shape, own)) {
      const facts = `input has shape ${formatShape(own)}`;
      throw new ShapeError(
        `${name}: ${facts} but with the others it would be ${formatShape(shape)}`,
      );
    }
    return { y: { shape, dtype: 'f32' } };
  },
  lower(to, { parts }, { y }, { name, program }) {
    const words = encode(program);
    if (!words)
      throw new RangeError(`${name}: the program is longer than the kernel's registers allow`);
    if (bytesOf(y) === 0) return;
    for (const { offsets, layout } of partsOf(y, parts)) {
      const place = (view: View, tensor: number): View['pointer'] =>
        after(view.pointer, 4 * offsets[tensor]!);
      to.step({
        kernel: 'map.forward.f32/simd',
        chunks: elementwiseChunks(sizeOf([...layout.subarray(0, 4)]) * weightOf(program)),
        args: mapArgs(
          parts.map((part, i) => place(part, i + 1)),
          place(y, 0),
          layout,
          words,
        ),
      });
    }
  },
  gradient(apply, { inputs: { parts }, outputs: { y }, dys: { y: dy }, attrs, needs }) {
    if (!dy || !attrs.gradient) return {};
    const all = [dy, ...parts, y];
    return {
      parts: parts.map((part, i) => {
        if (!needs.parts[i]) return undefined;
        const dx = applied(apply, `${attrs.name} gradient`, attrs.gradient!(i), all);
        return sumTo(apply, dx, part.shape);
      }),
    };
  },
});

/** How long a program takes for one element, in multiplications. */
const weightOf = ({ terms }: Program): number =>
  Math.max(1, terms.reduce((sum, term) => sum + ('code' in term ? costOf(term.code) : 0), 0) / 8);

/** Applies a program to those of the tensors that it reads. */
function applied<T extends Spec>(
  apply: Apply<T>,
  name: string,
  whole: Program,
  tensors: readonly T[],
): T {
  const { program, parts } = trimmed(whole, tensors);
  // dy itself is the gradient of a sum's terms.
  if (program.terms.length === 1 && parts.length === 1) return parts[0]!;
  return apply(map, { parts }, { name, program }).y;
}
