import type { AnyOp, Op } from '../../ts/ops/op.ts';
import type { Of, Tree } from '../../ts/ops/places.ts';
import type { DType, Shape } from '../../ts/base/shape.ts';

/** A tensor in float64, row-major. */
export interface Array64 {
  readonly shape: Shape;
  readonly values: Float64Array;
}

/** Makes the values of an input; `name` picks the random numbers. */
export type Generator = (name: string, shape: Shape) => Float32Array | Int32Array;

/** One input of a row. */
export interface CaseInput {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly values: Generator;
}

/** One problem for an op. */
export interface Row<I, A> {
  readonly name: string;
  readonly inputs: Of<I, CaseInput>;
  readonly attrs: A;
  /** The definition has a kink at these inputs: there are no finite differences. */
  readonly kink?: boolean;
}

interface Tolerances {
  /** Largest error of a value, relative to the largest value of its tensor; 0 asks for the same numbers. */
  readonly tolerance: number;
  /** The same for gradients; the tolerance of values by default. */
  readonly gradientTolerance?: number;
}

/**
 * Everything the tests know of an op. From each row they derive: values against the definition, gradients against its
 * finite differences, compiled against eager, one thread against two, on every build.
 */
export interface OpCases<I, O, A> extends Tolerances {
  readonly op: Op<I, O, A>;
  /** The definition in float64: values of all outputs; writes to the inputs that the op mutates. */
  readonly reference: (
    inputs: Of<I, Array64>,
    attrs: A,
  ) => { readonly [output in keyof O]: ArrayLike<number> };
  readonly rows: readonly Row<I, A>[];
}

/** One problem for an op of whatever inputs. */
export interface AnyRow {
  readonly name: string;
  readonly inputs: Tree<CaseInput>;
  readonly attrs: unknown;
  readonly kink?: boolean;
}

/** What the tests know of an op of whatever inputs. */
export interface AnyOpCases extends Tolerances {
  readonly op: AnyOp;
  readonly reference: (
    inputs: Tree<Array64>,
    attrs: unknown,
  ) => Readonly<Record<string, ArrayLike<number>>>;
  readonly rows: readonly AnyRow[];
}

/** Lets the compiler check inputs, outputs and attributes against the op. */
export function cases<I, O, A>(table: OpCases<I, O, A>): AnyOpCases {
  return table as unknown as AnyOpCases;
}

/** An f32 input. */
export function f32(shape: Shape, values: Generator): CaseInput {
  return { shape, dtype: 'f32', values };
}

/** An i32 input. */
export function i32(shape: Shape, values: Generator): CaseInput {
  return { shape, dtype: 'i32', values };
}
