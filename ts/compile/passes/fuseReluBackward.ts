/*
 * Lets batch norm's backward mask the gradient while it reads it, so that no masked copy is written.
 * Where the mask is the sign of that norm's own result, it is computed again from x: y need not be kept.
 *
 * before   d = reluBackward(dy, y)
 *          dx, dgamma, dbeta = batchNormBackward(dy: d, x, mean, rstd, gamma)
 * after    dx, dgamma, dbeta = batchNormBackward(dy, x, mean, rstd, gamma, beta)
 *    or    dx, dgamma, dbeta = batchNormBackward(dy, x, mean, rstd, gamma, y)
 * when     training; d is read once
 * bits     same
 */
import { is, nodeOf, type Graph, type Node } from '../../core/graph.ts';
import { batchNormBackward } from '../../ops/batchNorm/batchNormBackward.ts';
import { batchNormTrain } from '../../ops/batchNorm/batchNormTrain.ts';
import { reluBackward } from '../../ops/relu.ts';
import { countUses, producers, replaceNodes } from '../rewrite.ts';

export function fuseReluBackward(graph: Graph): Graph {
  const uses = countUses(graph);
  const made = producers(graph);
  const changes = new Map<Node, readonly Node[]>();
  for (const node of graph.nodes) {
    if (!is(node, batchNormBackward)) continue;
    const { dy: masked, x, norm, y: mask, residual } = node.inputs;
    const producer = made.get(masked);
    if (!is(producer, reluBackward) || uses.get(masked) !== 1) continue;
    if (norm.beta || mask || residual) continue;
    const { dy, y } = producer.inputs;
    const forward = made.get(y);
    const own =
      is(forward, batchNormTrain) && forward.attrs.relu && forward.outputs.mean === norm.mean;
    const inputs = own
      ? { dy, x, norm: { ...norm, beta: forward.inputs.beta } }
      : { dy, x, norm, y };
    changes.set(node, [nodeOf(node, batchNormBackward, inputs, node.outputs, node.attrs)]);
    changes.set(producer, []);
  }
  return replaceNodes(graph, changes);
}
