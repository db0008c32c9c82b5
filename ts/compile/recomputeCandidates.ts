import { flopsOf, inputsOf, type Graph, type Value } from '../core/graph.ts';
import { bytesOf } from '../base/shape.ts';
import { findAliases } from './aliases.ts';
import { recomputable } from './recomputable.ts';

/** A value of the forward pass that a training step may compute again instead of keeping it. */
export interface Candidate {
  readonly value: Value;
  /** What it is computed from. */
  readonly inputs: readonly Value[];
  readonly bytes: number;
  /** Of computing it. */
  readonly flops: number;
  /** No gradient reads it: it lies in memory only while others are computed again. */
  readonly transient: boolean;
}

/**
 * Values of a fused graph that may be dropped, in the order in which they are made. Parts of concatenations are left out:
 * they live in the memory of the whole, which stays as long as one of them does.
 */
export function recomputeCandidates(plain: Graph, fused: Graph): Candidate[] {
  const aliases = findAliases(plain.nodes, plain.outputs);
  const parts = new Set([...aliases].flatMap(([part, { base }]) => [part, base]));
  const read = new Set(fused.nodes.flatMap((node) => (node.backward ? inputsOf(node) : [])));
  const makers = [...recomputable(fused)].reverse();
  return makers
    .filter(([value]) => !parts.has(value))
    .map(([value, node]) => ({
      value,
      inputs: inputsOf(node).filter(({ kind }) => kind === 'temporary'),
      bytes: bytesOf(value),
      flops: flopsOf(node),
      transient: !read.has(value),
    }));
}
