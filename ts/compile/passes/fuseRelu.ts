import type { Graph, Node } from '../../core/graph.ts';
import { add } from '../../ops/add.ts';
import { batchNormInference, batchNormTrain } from '../../ops/batchNorm/batchNorm.ts';
import { conv2d } from '../../ops/conv2d/conv2d.ts';
import type { Op } from '../../ops/op.ts';
import { relu } from '../../ops/relu.ts';
import { countUses, producers, replaceNodes } from '../rewrite.ts';

/** Ops that can apply the ReLU themselves, by `attrs.relu`. */
const fusible = new Set<unknown>([add, batchNormTrain, batchNormInference, conv2d]);

/**
 * Lets the op before a ReLU apply it: `relu(add(a, b))`, `relu(batchNorm(x))`, `relu(conv2d(x))` become one pass over
 * memory when nobody else reads the value in between. The arithmetic stays the same, bit for bit.
 */
export function fuseRelu(graph: Graph): Graph {
  const uses = countUses(graph);
  const made = producers(graph);
  const changes = new Map<Node, readonly Node[]>();
  for (const node of graph.nodes) {
    if ((node.op as Op<object>) !== relu) continue;
    const before = node.inputs[0]!;
    const producer = made.get(before);
    if (!producer || !fusible.has(producer.op) || uses.get(before) !== 1) continue;
    const outputs = producer.outputs.map((output) =>
      output === before ? node.outputs[0]! : output,
    );
    if (outputs[0] !== node.outputs[0] || (producer.attrs as { relu?: boolean }).relu) continue;
    changes.set(producer, [
      { ...producer, outputs, attrs: { ...(producer.attrs as object), relu: true } },
    ]);
    changes.set(node, []);
  }
  return replaceNodes(graph, changes);
}
