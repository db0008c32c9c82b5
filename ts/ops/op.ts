import type { Spec } from '../base/shape.ts';
import type { Engine } from '../kernels/engine.ts';
import type { Pointer, Step } from '../kernels/step.ts';
import type { Name, Of, Some, Tree } from './places.ts';

export type { Step };

/** A tensor as kernels see it: rows of channels, `stride` elements apart (more than the channels for a slice). */
export interface View extends Spec {
  readonly pointer: Pointer;
  /** Elements from one pixel (row of the last axis) to the next. */
  readonly stride: number;
  /** Whether it is a convolution's weight that lies as PyTorch has it, `[O, C/groups, KH, KW]`; where {@link Op.outputsFirst} allows it. */
  readonly outputsFirst?: boolean;
}

/** Where a tensor begins in another whose channels its own are some of, and whose pixels, as they follow each other, its own are. */
export interface Part {
  readonly pixel: number;
  readonly channel: number;
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
export type Apply<T extends Spec> = <I, O, A>(
  op: Op<I, O, A>,
  inputs: Of<I, T>,
  attrs: A,
) => Of<O, T>;

/** What an op may ask of the engine on which it is to run. */
export type KernelOwner = Pick<Engine, 'extra'>;

/** What a gradient rule is given. */
export interface GradientContext<T extends Spec, I, O, A> {
  readonly inputs: Of<I, T>;
  readonly outputs: Of<O, T>;
  /** Gradient of the loss by each output; undefined where the output does not reach the loss. */
  readonly dys: Some<O, T>;
  readonly attrs: A;
  /** Which inputs' gradients are wanted; others may be left undefined. */
  readonly needs: Of<I, boolean>;
}

/**
 * An operation: shape rule, kernels, gradient rule. Knows nothing of tensors, tapes or graphs.
 *
 * `I` and `O` describe the places of its inputs and outputs, as `{ x: One; bias?: One }`; `A` its settings.
 */
export interface Op<I, O, A> {
  readonly name: string;
  /** Output shapes; throws {@link ShapeError} or TypeError before anything is allocated. */
  infer(inputs: Of<I, Spec>, attrs: A): Of<O, Spec>;
  /** Throws Error where an engine has not got the kernels, before anything is allocated. Absent: every engine has them. */
  expectKernels?(engine: KernelOwner): void;
  /** Emits the steps that write all outputs (each output is fully written). */
  lower(to: Lowering, inputs: Of<I, View>, outputs: Of<O, View>, attrs: A): void;
  /** Gradients by input, made of ops. Absent: the op is not differentiable. */
  gradient?<T extends Spec>(apply: Apply<T>, context: GradientContext<T, I, O, A>): Some<I, T>;
  /**
   * The first output once more, with the same bits and without effects, from the inputs and the other outputs: for ops
   * that have effects or draw random numbers. Those without effects are applied again as they are.
   */
  recompute?<T extends Spec>(
    apply: Apply<T>,
    context: Pick<GradientContext<T, I, O, A>, 'inputs' | 'outputs' | 'attrs'>,
  ): T;
  /** Floating-point operations; multiply and add count as two. Absent: the op moves memory. */
  flops?(inputs: Of<I, Spec>, outputs: Of<O, Spec>, attrs: A): number;
  /** What the op does to its first output at no cost of its own, where it is told to. */
  readonly fuses?: Fuses;
  /**
   * For elementwise ops: what computes the consumer's output in one pass over memory, from the inputs of both, without h, which the producer
   * makes. `shared` says that others read h, too, so that its producer will run several times. Undefined where that cannot be or does not
   * pay. Both are asked; one of them is this op.
   */
  readonly join?: Join;
  /** For elementwise ops: both as one op, where the consumer can work on parts of h as the producer writes them; see {@link Fuses.map}. */
  readonly follow?: Follow;
  /** The op that this one does, and more: its inputs and settings are those called `first`. */
  readonly first?: AnyOp;
  /** How a plan names it; by its name, unless it is said here. */
  title?(attrs: A): string;
  /**
   * Inputs that the op writes in place (running statistics, parameters in an optimizer). An op that has it, even empty, has
   * an effect: compilers keep it and its place in the order.
   */
  readonly mutates?: readonly Name<I>[];
  /** Where each output lies in the first input, if it does: compilers then read it there. */
  liesIn?(inputs: Of<I, Spec>, attrs: A): readonly (Part | undefined)[];
  /** Inputs whose rows must follow each other without gaps; others may be channels of a wider tensor. */
  readonly denseInputs?: readonly Name<I>[];
  /** Inputs that may be {@link View.outputsFirst}. */
  readonly outputsFirst?: readonly Name<I>[];
  /** Outputs that are laid out for kernels, with gaps between their parts that nothing writes or reads. */
  readonly gappedOutputs?: readonly Name<O>[];
  /** Outputs whose rows must follow each other without gaps. */
  readonly denseOutputs?: readonly Name<O>[];
  /** Inputs and outputs that may share memory when the input is not needed afterwards. */
  readonly inPlace?: readonly (readonly [input: Name<I>, output: Name<O>])[];
}

/** Work that an op can take over from the one that reads its first output. */
export interface Fuses {
  /** max(·, 0), where its attribute `relu` is true. */
  readonly relu?: boolean;
  /** Addition of its optional input `residual`. */
  readonly residual?: boolean;
  /** Any elementwise function that leaves the shape as it is. */
  readonly map?: boolean;
}

/** An op with what it is applied to. */
export interface Applied<T extends Spec> {
  readonly op: AnyOp;
  readonly inputs: Tree<T>;
  readonly attrs: unknown;
}

/** See {@link Op.join}. */
export type Join = <T extends Spec>(
  consumer: Applied<T>,
  h: T,
  producer: Applied<T>,
  shared: boolean,
) => Applied<T> | undefined;

/** See {@link Op.follow}. */
export type Follow = <T extends Spec>(
  consumer: Applied<T>,
  h: T,
  producer: Applied<T>,
) => Applied<T> | undefined;

/** An op of whatever inputs, outputs and settings. */
export interface AnyOp {
  readonly name: string;
  infer(inputs: Tree<Spec>, attrs: unknown): Tree<Spec>;
  expectKernels?(engine: KernelOwner): void;
  lower(to: Lowering, inputs: Tree<View>, outputs: Tree<View>, attrs: unknown): void;
  gradient?<T extends Spec>(apply: Apply<T>, context: AnyGradientContext<T>): Tree<T>;
  recompute?<T extends Spec>(
    apply: Apply<T>,
    context: Pick<AnyGradientContext<T>, 'inputs' | 'outputs' | 'attrs'>,
  ): T;
  flops?(inputs: Tree<Spec>, outputs: Tree<Spec>, attrs: unknown): number;
  readonly fuses?: Fuses;
  readonly join?: Join;
  readonly follow?: Follow;
  readonly first?: AnyOp;
  title?(attrs: unknown): string;
  readonly mutates?: readonly string[];
  liesIn?(inputs: Tree<Spec>, attrs: unknown): readonly (Part | undefined)[];
  readonly denseInputs?: readonly string[];
  readonly outputsFirst?: readonly string[];
  readonly gappedOutputs?: readonly string[];
  readonly denseOutputs?: readonly string[];
  readonly inPlace?: readonly (readonly [input: string, output: string])[];
}

interface AnyGradientContext<T extends Spec> {
  readonly inputs: Tree<T>;
  readonly outputs: Tree<T>;
  readonly dys: Tree<T | undefined>;
  readonly attrs: unknown;
  readonly needs: Tree<boolean>;
}
