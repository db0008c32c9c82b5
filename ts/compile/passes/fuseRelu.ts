/*
 * Lets the op before a ReLU apply it: one pass over memory in place of two.
 * The ops that can are those whose `fuses.relu` is true.
 *
 * before   h = conv2d(x, w)
 *          y = relu(x: h)
 * after    y = conv2d(x, w) relu
 * when     training and inference; h is read once
 * bits     same
 */
import { is, outputsOf, type Graph, type Node } from '../../core/graph.ts';
import { relu } from '../../ops/relu.ts';
import { canClip, countUses, givingFirst, producers, replaceNodes } from '../rewrite.ts';

export function fuseRelu(graph: Graph): Graph {
  const uses = countUses(graph);
  const made = producers(graph);
  const changes = new Map<Node, readonly Node[]>();
  for (const node of graph.nodes) {
    if (!is(node, relu)) continue;
    const { x: h } = node.inputs;
    const producer = made.get(h);
    if (!canClip(producer) || producer.attrs.relu) continue;
    if (uses.get(h) !== 1 || outputsOf(producer)[0] !== h) continue;
    const attrs = { ...producer.attrs, relu: true };
    changes.set(producer, [{ ...givingFirst(producer, node.outputs.y), attrs }]);
    changes.set(node, []);
  }
  return replaceNodes(graph, changes);
}
