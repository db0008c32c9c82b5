import type { Pointer, Step } from '../kernels/step.ts';
import type { Spec } from '../base/shape.ts';

export type { Step };

/** A tensor as kernels see it: rows of channels, `stride` elements apart (more than the channels for a slice). */
export interface View extends Spec {
  readonly pointer: Pointer;
  /** Elements from one pixel (row of the last axis) to the next. */
  readonly stride: number;
}

/** Where an op writes the steps that compute it. */
export interface Lowering {
  /** Whether Winograd's algorithms may be chosen (numerics `fast`). */
  readonly winograd: boolean;
  step(step: Step): void;
  /** Memory that lives only while this op runs, 64-byte aligned, not initialised. */
  workspace(bytes: number): Pointer;
}

/** Runs an op on whatever stands for tensors: eager values, or symbols of a graph. */
export type Apply<T extends Spec> = <A>(op: Op<A>, inputs: readonly T[], attrs: A) => T[];

/** What a gradient rule is given. */
export interface GradientContext<T extends Spec, A> {
  readonly inputs: readonly T[];
  readonly outputs: readonly T[];
  /** Gradient of the loss by each output; undefined where the output does not reach the loss. */
  readonly dys: readonly (T | undefined)[];
  readonly attrs: A;
  /** Which inputs' gradients are wanted; others may be left undefined. */
  readonly needs: readonly boolean[];
}

/** An operation: shape rule, kernels, gradient rule. Knows nothing of tensors, tapes or graphs. */
export interface Op<A = unknown> {
  readonly name: string;
  /** Output shapes; throws {@link ShapeError} or TypeError before anything is allocated. */
  infer(inputs: readonly Spec[], attrs: A): Spec[];
  /** Emits the steps that write all outputs (each output is fully written). */
  lower(to: Lowering, inputs: readonly View[], outputs: readonly View[], attrs: A): void;
  /** Gradients by input, made of ops. Absent: the op is not differentiable. */
  gradient?<T extends Spec>(apply: Apply<T>, context: GradientContext<T, A>): (T | undefined)[];
  /**
   * The first output once more, with the same bits and without effects, from the inputs and the other outputs: for ops
   * that have effects or draw random numbers. Those without effects are applied again as they are.
   */
  recompute?<T extends Spec>(
    apply: Apply<T>,
    context: Pick<GradientContext<T, A>, 'inputs' | 'outputs' | 'attrs'>,
  ): T;
  /**
   * Indices of inputs that the op writes in place (running statistics, parameters in an optimizer). An op that has it,
   * even empty, has an effect: compilers keep it and its place in the order.
   */
  readonly mutates?: readonly number[];
  /** Inputs whose rows must follow each other without gaps; others may be channels of a wider tensor. */
  readonly denseInputs?: readonly number[];
  /** Outputs that are laid out for kernels, with gaps between their parts that nothing writes or reads. */
  readonly gappedOutputs?: readonly number[];
  /** Outputs whose rows must follow each other without gaps. */
  readonly denseOutputs?: readonly number[];
  /** Pairs [input, output] that may share memory when the input is not needed afterwards. */
  readonly inPlace?: readonly (readonly [input: number, output: number])[];
}
