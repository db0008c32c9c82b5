/*
 * Puts batch norm by running statistics into the weights of the convolution before it.
 * `γ·(conv(x, w) - μ)/σ + β` is `conv(x, w·γ/σ) + (β - μ·γ/σ)`.
 * What is packed depends on parameters alone, so it is computed before the run.
 *
 * before   h = conv2d(x, w)
 *          y = batchNormInference(x: h, gamma, beta, runningMean, runningVar)
 * after    scale, bias = foldBatchNorm(gamma, beta, runningMean, runningVar)
 *          y = conv2d(x, w, scale, bias)
 * when     inference; h is read once, w and the norm are state
 * bits     changed
 */
import { is, nodeOf, type Graph, type Node } from '../../core/graph.ts';
import { batchNormInference } from '../../ops/batchNorm/batchNormInference.ts';
import { foldBatchNorm as foldOp } from '../../ops/batchNorm/foldBatchNorm.ts';
import { conv2d } from '../../ops/conv2d/conv2d.ts';
import { countUses, Maker, producers, replaceNodes } from '../rewrite.ts';

export function foldBatchNorm(graph: Graph): Graph {
  const uses = countUses(graph);
  const made = producers(graph);
  const make = new Maker(graph);
  const changes = new Map<Node, readonly Node[]>();
  for (const node of graph.nodes) {
    if (!is(node, batchNormInference)) continue;
    const { x: h, gamma, beta, runningMean, runningVar } = node.inputs;
    const conv = made.get(h);
    if (!is(conv, conv2d) || uses.get(h) !== 1) continue;
    const { x, w, bias, residual } = conv.inputs;
    if (conv.attrs.relu || residual) continue;
    const constants = [w, gamma, beta, runningMean, runningVar];
    if (constants.some((value) => value.kind !== 'state')) continue;
    const folded = make.node(
      { path: node.path },
      foldOp,
      { bias, gamma, beta, runningMean, runningVar },
      { eps: node.attrs.eps },
    );
    changes.set(conv, []);
    changes.set(node, [
      folded.node,
      nodeOf(conv, conv2d, { x, w, ...folded.outputs }, node.outputs, {
        ...conv.attrs,
        relu: node.attrs.relu,
      }),
    ]);
  }
  return replaceNodes(graph, changes);
}
