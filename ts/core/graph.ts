import type { Op } from '../ops/op.ts';
import type { Spec } from '../base/shape.ts';
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

/** One op applied in a graph. */
export interface Node {
  readonly op: Op;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly attrs: unknown;
  /** Where in the model, for example `layer1.0.conv1`; empty outside. */
  readonly path: string;
  readonly region?: Region;
  /** Applied while gradients were computed. */
  readonly backward?: true;
  /** Computes once more what a training plan has not kept. */
  readonly recomputed?: true;
}

/** A captured computation: nodes in the order in which they run. */
export interface Graph {
  readonly inputs: readonly Value[];
  readonly nodes: readonly Node[];
  readonly outputs: readonly Value[];
}
