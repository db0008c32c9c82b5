import type { Graph, Node } from '../../graph.ts';
import { batchNormBackward } from '../../ops/batchNorm.ts';
import type { Op } from '../../ops/op.ts';
import { reluBackward } from '../../ops/relu.ts';
import { countUses, producers, replaceNodes } from '../rewrite.ts';

/**
 * Lets batch norm's backward mask the gradient by `y > 0` while it reads it, instead of a ReLU backward that writes a
 * masked copy first.
 */
export function fuseReluBackward(graph: Graph): Graph {
  const uses = countUses(graph);
  const made = producers(graph);
  const changes = new Map<Node, readonly Node[]>();
  for (const node of graph.nodes) {
    if (node.op !== (batchNormBackward as Op)) continue;
    const masked = node.inputs[0]!;
    const producer = made.get(masked);
    if (producer?.op !== (reluBackward as Op) || uses.get(masked) !== 1) continue;
    if ((node.attrs as { relu: boolean }).relu) continue;
    const [dy, y] = producer.inputs;
    const inputs = [dy!, ...node.inputs.slice(1), y!];
    changes.set(node, [{ ...node, inputs, attrs: { ...(node.attrs as object), relu: true } }]);
    changes.set(producer, []);
  }
  return replaceNodes(graph, changes);
}
