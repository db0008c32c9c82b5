/*
 * Has elementwise functions work on what a convolution writes while a cache holds it.
 *
 * before   h = conv2d(x, packed)
 *          y = silu(h)
 * after    y = conv2d + silu(x, packed)
 * when     training and inference; h is read once
 * bits     same
 */
import { inputsOf, type Graph, type Node } from '../../core/graph.ts';
import { countUses, isWrittenBetween, producers, replaceNodes } from '../rewrite.ts';

export function fuseFollowing(graph: Graph): Graph {
  if (!graph.nodes.some(({ op }) => op.follow)) return graph;
  const uses = countUses(graph);
  const made = producers(graph);
  const changes = new Map<Node, readonly Node[]>();
  for (const node of graph.nodes) {
    for (const h of node.op.follow ? inputsOf(node) : []) {
      const producer = made.get(h);
      if (!producer?.op.fuses?.map || uses.get(h) !== 1 || changes.has(node)) continue;
      if (isWrittenBetween(graph.nodes, producer, node)) continue;
      const one = node.op.follow!(node, h, producer);
      if (!one) continue;
      changes.set(producer, []).set(node, [{ ...node, ...one, path: producer.path }]);
    }
  }
  return replaceNodes(graph, changes);
}
