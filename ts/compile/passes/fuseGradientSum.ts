import type { Graph, Node, Value } from '../../core/graph.ts';
import { add } from '../../ops/add.ts';
import { batchNormBackward } from '../../ops/batchNorm/batchNorm.ts';
import { conv2dBackwardInput } from '../../ops/conv2d/conv2dBackwardInput.ts';
import type { Op } from '../../ops/op.ts';
import { countUses, producers, replaceNodes } from '../rewrite.ts';

/** Ops that can add their last input to the gradient of x themselves, by `attrs.residual`. */
const fusible = new Set<unknown>([batchNormBackward, conv2dBackwardInput]);

/**
 * Where a value was read twice, its gradient is a sum: the op that makes the later term adds the earlier one as it
 * writes. The arithmetic stays the same, bit for bit.
 */
export function fuseGradientSum(graph: Graph): Graph {
  const uses = countUses(graph);
  const made = producers(graph);
  const order = new Map(graph.nodes.map((node, index) => [node, index]));
  const changes = new Map<Node, readonly Node[]>();
  const placeOf = (value: Value): number => order.get(made.get(value)!) ?? -1;
  for (const node of graph.nodes) {
    if (node.op !== (add as Op) || (node.attrs as { relu: boolean }).relu) continue;
    const [first, second] = node.inputs as [Value, Value];
    const [earlier, later] = placeOf(first) < placeOf(second) ? [first, second] : [second, first];
    const producer = made.get(later);
    if (!producer || !fusible.has(producer.op) || earlier === later || changes.has(producer)) {
      continue;
    }
    const attrs = producer.attrs as { residual?: boolean };
    if (producer.outputs[0] !== later || uses.get(later) !== 1 || attrs.residual) continue;
    changes.set(producer, [
      {
        ...producer,
        inputs: [...producer.inputs, earlier],
        outputs: [node.outputs[0]!, ...producer.outputs.slice(1)],
        attrs: { ...attrs, residual: true },
      },
    ]);
    changes.set(node, []);
  }
  return replaceNodes(graph, changes);
}
