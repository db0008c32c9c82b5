import { channelsOf, sizeOf, type DType, type Shape } from '../shape.ts';
import type { Lowering, Op, View } from '../ops/op.ts';

/** A tensor without gaps between its rows, and its values. */
export interface Filled {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly values: Float32Array | Int32Array;
}

/** How the references compute an op. */
export type ByReference = (to: Lowering, inputs: readonly View[], outputs: readonly View[]) => void;

/** An op on tensors, for its kernels to be looked at. */
export interface Problem {
  readonly op: Op<unknown>;
  readonly inputs: readonly Filled[];
  readonly attrs: unknown;
  /** Steps of reference kernels; absent where each kernel has a reference of the same arguments. */
  readonly byReference?: ByReference;
  /** Equal for problems of the same result. */
  readonly same?: string;
}

/** Attributes that suit the op, and how the references compute it where that is not kernel by kernel. */
export function problem<A>(
  op: Op<A>,
  inputs: readonly Filled[],
  attrs: A,
  reference?: Pick<Problem, 'byReference' | 'same'>,
): Problem {
  return { op: op, inputs, attrs, ...reference };
}

/** Numbers in (-1, 1), of a prime number, so that neither rows nor images repeat each other. */
const NUMBERS = Float32Array.from({ length: 2003 }, (_, i) => ((i * 7919) % 2003) / 1001.5 - 1);

/** Numbers in `(shift - scale, shift + scale)`. */
export function floats(shape: Shape, { shift = 0, scale = 1 } = {}): Filled {
  const values = new Float32Array(sizeOf(shape));
  let from = (7 * channelsOf(shape) + 3 * shape.length) % NUMBERS.length;
  for (let i = 0; i < values.length; i++) {
    values[i] = shift + scale * NUMBERS[from]!;
    from = from + 1 === NUMBERS.length ? 0 : from + 1;
  }
  return { shape, dtype: 'f32', values };
}

/** Whole numbers below a limit. */
export function ints(shape: Shape, limit: number): Filled {
  const values = Int32Array.from({ length: sizeOf(shape) }, (_, i) => (i * 7) % limit);
  return { shape, dtype: 'i32', values };
}
