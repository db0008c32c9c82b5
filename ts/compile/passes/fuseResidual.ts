/*
 * Adds the shortcut in the epilogue of the convolution that ends a block's body.
 * `act(conv(x) + bias + shortcut)` is written once. The convolution moves to the place of the addition, where the shortcut exists.
 * The ops that can are those whose `fuses` has both relu and residual.
 *
 * before   h = conv2d(x, w)
 *          y = add(a: h, b: residual) relu
 * after    y = conv2d(x, w, residual) relu
 * when     training and inference; h is read once
 * bits     same
 */
import { is, type Graph, type Node, type Value } from '../../core/graph.ts';
import { add } from '../../ops/add.ts';
import {
  canClip,
  countUses,
  givingFirst,
  producers,
  replaceNodes,
  type ClippingNode,
} from '../rewrite.ts';

export function fuseResidual(graph: Graph): Graph {
  const uses = countUses(graph);
  const made = producers(graph);
  const changes = new Map<Node, readonly Node[]>();
  const bodyOf = (sum: Value): ClippingNode | undefined => {
    const body = made.get(sum);
    if (!canClip(body) || !body.op.fuses?.residual || body.inputs.residual) return undefined;
    // What an op adds comes before its ReLU.
    return body.attrs.relu || uses.get(sum) !== 1 ? undefined : body;
  };
  for (const node of graph.nodes) {
    if (!is(node, add)) continue;
    const { a, b } = node.inputs;
    const [first, second] = [bodyOf(a), bodyOf(b)];
    const [body, residual] = first ? [first, b] : [second, a];
    if (!body) continue;
    changes.set(body, []);
    const inputs = { ...body.inputs, residual };
    const attrs = { ...body.attrs, relu: node.attrs.relu };
    changes.set(node, [{ ...givingFirst(body, node.outputs.y), inputs, attrs }]);
  }
  return replaceNodes(graph, changes);
}
