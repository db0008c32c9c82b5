import type { Graph, Node } from '../../core/graph.ts';
import {
  batchNormBackward,
  batchNormTrain,
  type BatchNormBackwardAttrs,
} from '../../ops/batchNorm/batchNorm.ts';
import type { Op } from '../../ops/op.ts';
import { reluBackward } from '../../ops/relu.ts';
import { countUses, producers, replaceNodes } from '../rewrite.ts';

/**
 * Lets batch norm's backward mask the gradient by `y > 0` while it reads it, instead of a ReLU backward that writes a
 * masked copy first. Where y is that batch norm's own result, its sign is computed again from x, which is read anyway.
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
    const attrs = node.attrs as BatchNormBackwardAttrs;
    if (attrs.mask !== 'none' || attrs.residual) continue;
    const [dy, y] = producer.inputs;
    const forward = made.get(y!);
    const own =
      forward?.op === (batchNormTrain as Op) &&
      (forward.attrs as { relu: boolean }).relu &&
      forward.outputs[1] === node.inputs[3];
    const inputs = [dy!, ...node.inputs.slice(1), own ? forward.inputs[2]! : y!];
    const mask = own ? 'beta' : 'y';
    changes.set(node, [{ ...node, inputs, attrs: { ...attrs, mask } }]);
    changes.set(producer, []);
  }
  return replaceNodes(graph, changes);
}
