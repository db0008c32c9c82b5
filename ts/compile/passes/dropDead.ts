import type { Graph, Node, Value } from '../../core/graph.ts';

/** Removes nodes that have no effect and whose outputs nobody reads. */
export function dropDead(graph: Graph): Graph {
  const wanted = new Set<Value>(graph.outputs);
  const kept: Node[] = [];
  for (const node of [...graph.nodes].reverse()) {
    if (node.op.mutates === undefined && !node.outputs.some((output) => wanted.has(output)))
      continue;
    kept.push(node);
    node.inputs.forEach((input) => wanted.add(input));
  }
  return kept.length === graph.nodes.length ? graph : { ...graph, nodes: kept.reverse() };
}
