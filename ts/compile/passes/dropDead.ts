/*
 * Removes nodes that have no effect and whose results nobody reads.
 *
 * before   h = relu(x)
 *          y = add(a: x, b: x)
 *          return y
 * after    y = add(a: x, b: x)
 *          return y
 * when     training and inference
 * bits     same
 */
import { inputsOf, outputsOf, type Graph, type Node, type Value } from '../../core/graph.ts';

export function dropDead(graph: Graph): Graph {
  const wanted = new Set<Value>(graph.outputs);
  const kept: Node[] = [];
  for (const node of [...graph.nodes].reverse()) {
    const read = outputsOf(node).some((output) => wanted.has(output));
    if (node.op.mutates === undefined && !read) continue;
    kept.push(node);
    inputsOf(node).forEach((input) => wanted.add(input));
  }
  return kept.length === graph.nodes.length ? graph : { ...graph, nodes: kept.reverse() };
}
