import type { Graph, Node, Value } from '../../core/graph.ts';
import { conv2d, splitPack, type Conv2dAttrs } from '../../ops/conv2d/conv2d.ts';
import { conv2dPack } from '../../ops/conv2d/conv2dPack.ts';
import type { Op } from '../../ops/op.ts';
import { newIds, replaceNodes } from '../rewrite.ts';

/**
 * Makes the packing of a convolution's weights a node of its own, so that it runs once where the weights do not change.
 */
export function packWeights(graph: Graph, winograd: boolean): Graph {
  const newId = newIds(graph);
  const changes = new Map<Node, readonly Node[]>();
  for (const node of graph.nodes) {
    if (node.op !== (conv2d as Op) || (node.attrs as Conv2dAttrs).packed) continue;
    const [x, w, ...rest] = node.inputs;
    const { pack, conv } = splitPack(x!, w!, node.attrs as Conv2dAttrs, winograd);
    const [spec] = conv2dPack.infer([w!], pack);
    const packed: Value = { id: newId(), kind: 'temporary', ...spec! };
    changes.set(node, [
      { op: conv2dPack, inputs: [w!], outputs: [packed], attrs: pack, path: node.path },
      { ...node, inputs: [x!, packed, ...rest], attrs: conv },
    ]);
  }
  return replaceNodes(graph, changes);
}
