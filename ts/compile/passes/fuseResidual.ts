import type { Graph, Node } from '../../core/graph.ts';
import { add } from '../../ops/add.ts';
import { conv2d, type Conv2dAttrs } from '../../ops/conv2d/conv2d.ts';
import type { Op } from '../../ops/op.ts';
import { countUses, producers, replaceNodes } from '../rewrite.ts';

/**
 * Adds the shortcut in the epilogue of the convolution that ends the body: `act(conv(x) + b + shortcut)` is written once.
 * The convolution moves to the place of the addition, where the shortcut exists.
 */
export function fuseResidual(graph: Graph): Graph {
  const uses = countUses(graph);
  const made = producers(graph);
  const changes = new Map<Node, readonly Node[]>();
  for (const node of graph.nodes) {
    if (node.op !== (add as Op)) continue;
    for (const index of [0, 1]) {
      const sum = node.inputs[index]!;
      const conv = made.get(sum);
      if (conv?.op !== (conv2d as Op) || uses.get(sum) !== 1 || changes.has(conv)) continue;
      const attrs = conv.attrs as Conv2dAttrs;
      if (attrs.relu || attrs.residual || attrs.norm) continue;
      const { relu } = node.attrs as { relu: boolean };
      const inputs = [...conv.inputs, node.inputs[1 - index]!];
      changes.set(conv, []);
      changes.set(node, [
        { ...conv, inputs, outputs: node.outputs, attrs: { ...attrs, residual: true, relu } },
      ]);
      break;
    }
  }
  return replaceNodes(graph, changes);
}
