/*
 * Lets the op that makes the later term of a gradient's sum add the earlier one as it writes.
 * A gradient is a sum where a value was read twice. The ops that can are those of gradients whose `fuses.residual` is true.
 *
 * before   c = conv2dBackwardInput(dy, w: v)
 *          d = conv2dBackwardInput(dy, w)
 *          dx = add(a: c, b: d)
 * after    c = conv2dBackwardInput(dy, w: v)
 *          dx = conv2dBackwardInput(dy, w, residual: c)
 * when     training; d is read once
 * bits     same
 */
import { is, outputsOf, type Graph, type Node, type Value } from '../../core/graph.ts';
import { add } from '../../ops/add.ts';
import { countUses, givingFirst, producers, replaceNodes } from '../rewrite.ts';

export function fuseGradientSum(graph: Graph): Graph {
  const uses = countUses(graph);
  const made = producers(graph);
  const order = new Map(graph.nodes.map((node, index) => [node, index]));
  const changes = new Map<Node, readonly Node[]>();
  const placeOf = (value: Value): number => {
    const producer = made.get(value);
    return (producer && order.get(producer)) ?? -1;
  };
  for (const node of graph.nodes) {
    if (!is(node, add) || node.attrs.relu) continue;
    const { a, b } = node.inputs;
    const [earlier, later] = placeOf(a) < placeOf(b) ? [a, b] : [b, a];
    const producer = made.get(later);
    if (!producer?.op.fuses?.residual || !producer.backward) continue;
    if (uses.get(later) !== 1 || outputsOf(producer)[0] !== later) continue;
    if (producer.inputs.residual) continue;
    const summing = givingFirst(producer, node.outputs.y);
    changes.set(producer, [{ ...summing, inputs: { ...producer.inputs, residual: earlier } }]);
    changes.set(node, []);
  }
  return replaceNodes(graph, changes);
}
