/*
 * Where a value was read twice, its gradient is a sum: the op that makes the later term adds the earlier one as it writes.
 * Ops of gradients that can say so: `fuses.residual`.
 *
 * before   a = conv2dBackwardInput(dy: da, w: v)
 *          b = conv2dBackwardInput(dy: db, w)
 *          dx = add(a, b)
 * after    a = conv2dBackwardInput(dy: da, w: v)
 *          dx = conv2dBackwardInput(dy: db, w, residual: a)
 * when     training; b is read once
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
    if (!producer?.op.fuses?.residual || !producer.backward || changes.has(producer)) continue;
    if (earlier === later || uses.get(later) !== 1 || outputsOf(producer)[0] !== later) continue;
    if (producer.inputs.residual) continue;
    const summing = givingFirst(producer, node.outputs.y);
    changes.set(producer, [{ ...summing, inputs: { ...producer.inputs, residual: earlier } }]);
    changes.set(node, []);
  }
  return replaceNodes(graph, changes);
}
