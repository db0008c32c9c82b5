import type { Spec } from '../base/shape.ts';
import type { AnyOp, Op } from '../ops/op.ts';
import { items, pick, type Of, type Tree } from '../ops/places.ts';
import type { Tensor } from './tensor.ts';

/** A tensor of a captured graph. */
export interface Value extends Spec {
  readonly id: number;
  /**
   * `input`: written before each run; `state`: an eager tensor that outlives runs (parameter, statistic, optimizer state);
   * `temporary`: made by a node.
   */
  readonly kind: 'input' | 'state' | 'temporary';
  /** The eager tensor of a `state`. */
  readonly tensor?: Tensor;
}

/** A part of a computation whose inner values a training plan computes again instead of keeping them. */
export interface Region {
  /** What it gives to the rest, which is kept. */
  readonly results: Spec[];
}

/** Where in a computation an op was applied. */
export interface NodePlace {
  /** Where in the model, for example `layer1.0.conv1`; empty outside. */
  readonly path: string;
  readonly region?: Region;
  /** Applied while gradients were computed. */
  readonly backward?: true;
  /** Computes once more what a training plan has not kept. */
  readonly recomputed?: true;
}

/** An op where it was applied. */
interface Applied extends NodePlace {
  readonly op: AnyOp;
}

/** One op applied in a graph. */
export interface Node extends Applied {
  readonly inputs: Tree<Value>;
  readonly outputs: Tree<Value>;
  readonly attrs: unknown;
}

/** A node of one op, whose inputs, outputs and settings are known. */
export interface NodeOf<I, O, A> extends Applied {
  readonly inputs: Of<I, Value>;
  readonly outputs: Of<O, Value>;
  readonly attrs: A;
}

/** Whether a node applies this op. */
export function is<I, O, A>(node: Applied | undefined, op: Op<I, O, A>): node is NodeOf<I, O, A> {
  return node?.op === (op as AnyOp);
}

/** A node that applies an op; `near` says where. */
export function nodeOf<I, O, A>(
  { path, region, backward, recomputed }: NodePlace,
  op: Op<I, O, A>,
  inputs: Of<I, Value>,
  outputs: Of<O, Value>,
  attrs: A,
): Node {
  const place: NodePlace = {
    path,
    ...(region && { region }),
    ...(backward && { backward }),
    ...(recomputed && { recomputed }),
  };
  return { ...place, op, inputs, outputs, attrs } as Node;
}

/** All values that a node reads. */
export const inputsOf = ({ inputs }: Node): Value[] => items(inputs);

/** All values that a node makes. */
export const outputsOf = ({ outputs }: Node): Value[] => items(outputs);

/** The values that a node writes in place. */
export const writtenBy = ({ op, inputs }: Node): Value[] => pick(inputs, op.mutates);

/** Floating-point operations of a node; multiply and add count as two. */
export const flopsOf = ({ op, inputs, outputs, attrs }: Node): number =>
  op.flops?.(inputs, outputs, attrs) ?? 0;

/** A captured computation: nodes in the order in which they run. */
export interface Graph {
  readonly inputs: readonly Value[];
  readonly nodes: readonly Node[];
  readonly outputs: readonly Value[];
}
