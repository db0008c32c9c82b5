/*
 * Makes the packing of a convolution's weights a node of its own, which runs once where the weights do not change. Depthwise
 * kernels read theirs as they are, unless they have to be scaled.
 *
 * before   y = conv2d(x, w, scale)
 * after    packed = conv2dPack(w, scale)
 *          y = conv2d(x, packed)
 * when     training and inference
 * bits     same
 */
import { is, nodeOf, type Graph, type Node } from '../../core/graph.ts';
import { conv2d } from '../../ops/conv2d/conv2d.ts';
import { conv2dOfPacked, splitPack } from '../../ops/conv2d/conv2dOfPacked.ts';
import { conv2dPack, packs } from '../../ops/conv2d/conv2dPack.ts';
import { Maker, replaceNodes } from '../rewrite.ts';

export function packWeights(graph: Graph, winograd: boolean): Graph {
  const make = new Maker(graph);
  const changes = new Map<Node, readonly Node[]>();
  for (const node of graph.nodes) {
    if (!is(node, conv2d)) continue;
    const { x, w, scale, bias, residual, norm } = node.inputs;
    const attrs = splitPack(x, w, node.attrs, winograd);
    if (!packs(attrs.pack.algorithm) && !scale) continue;
    const pack = make.node({ path: node.path }, conv2dPack, { w, scale }, attrs.pack);
    const inputs = { x, packed: pack.outputs.packed, bias, residual, norm };
    changes.set(node, [pack.node, nodeOf(node, conv2dOfPacked, inputs, node.outputs, attrs.conv)]);
  }
  return replaceNodes(graph, changes);
}
