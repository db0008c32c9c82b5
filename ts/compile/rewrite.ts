import type { Graph, Node, Value } from '../core/graph.ts';
import { concat } from '../ops/concat.ts';
import type { Op } from '../ops/op.ts';

/** How often each value is read, graph outputs included. */
export function countUses(graph: Graph): Map<Value, number> {
  const uses = new Map<Value, number>();
  const use = (value: Value): void => void uses.set(value, (uses.get(value) ?? 0) + 1);
  for (const node of graph.nodes) node.inputs.forEach(use);
  graph.outputs.forEach(use);
  return uses;
}

/** The node that makes each temporary. */
export function producers(graph: Graph): Map<Value, Node> {
  const made = new Map<Value, Node>();
  for (const node of graph.nodes) for (const output of node.outputs) made.set(output, node);
  return made;
}

/** Values that a concatenation makes or joins: channels that several layers of a dense block read. */
export function joinedValues({ nodes }: Graph): Set<Value> {
  const joins = nodes.filter(({ op }) => op === (concat as Op));
  return new Set(joins.flatMap(({ inputs, outputs }) => [...inputs, ...outputs]));
}

/** The graph with some nodes replaced (by one or several) or removed (by none), in their places. */
export function replaceNodes(graph: Graph, changes: ReadonlyMap<Node, readonly Node[]>): Graph {
  if (changes.size === 0) return graph;
  return { ...graph, nodes: graph.nodes.flatMap((node) => changes.get(node) ?? [node]) };
}

/** Numbers above all ids of the graph, for new values. */
export function newIds(graph: Graph): () => number {
  const ids = [
    ...graph.inputs,
    ...graph.outputs,
    ...graph.nodes.flatMap((node) => [...node.inputs, ...node.outputs]),
  ];
  let next = ids.reduce((most, value) => Math.max(most, value.id), 0) + 1;
  return () => next++;
}
