import { channelsOf, sizeOf, type DType, type Shape } from '../base/shape.ts';
import type { AnyOp, Lowering, Op, View } from '../ops/op.ts';
import type { Of, Tree } from '../ops/places.ts';

/** A tensor without gaps between its rows, and its values. */
export interface Filled {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly values: Float32Array | Int32Array;
}

/** How the references compute an op. */
export type ByReference<I, O> = (to: Lowering, inputs: Of<I, View>, outputs: Of<O, View>) => void;

/** An op on tensors, for its kernels to be looked at. */
export interface Problem {
  readonly op: AnyOp;
  readonly inputs: Tree<Filled>;
  readonly attrs: unknown;
  /** Steps of reference kernels; absent where each kernel has a reference of the same arguments. */
  readonly byReference?: (to: Lowering, inputs: Tree<View>, outputs: Tree<View>) => void;
  /** Equal for problems of the same result. */
  readonly same?: string;
}

/** How a problem is computed by references, and what else has the same result. */
export interface Reference<I, O> {
  readonly byReference?: ByReference<I, O>;
  readonly same?: string;
}

/** Attributes that suit the op, and how the references compute it where that is not kernel by kernel. */
export function problem<I, O, A>(
  op: Op<I, O, A>,
  inputs: Of<I, Filled>,
  attrs: A,
  reference?: Reference<I, O>,
): Problem {
  return { op, inputs, attrs, ...reference } as Problem;
}

/** Numbers in (-1, 1), which repeat after 2003, a prime number: neither rows nor images repeat each other. */
const NUMBERS = Float32Array.from({ length: 1 << 14 }, (_, i) => ((i * 7919) % 2003) / 1001.5 - 1);

/** At most some ten thousand numbers in `(shift - scale, shift + scale)`. */
export function floats(shape: Shape, { shift = 0, scale = 1 } = {}): Filled {
  const from = 7 * channelsOf(shape) + 3 * shape.length;
  const numbers = NUMBERS.subarray(from, from + sizeOf(shape));
  const values = shift === 0 && scale === 1 ? numbers : numbers.map((x) => shift + scale * x);
  return { shape, dtype: 'f32', values };
}

/** Whole numbers below a limit. */
export function ints(shape: Shape, limit: number): Filled {
  const values = Int32Array.from({ length: sizeOf(shape) }, (_, i) => (i * 7) % limit);
  return { shape, dtype: 'i32', values };
}
