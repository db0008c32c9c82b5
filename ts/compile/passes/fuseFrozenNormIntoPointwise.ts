/*
 * Lets a 1×1 convolution apply the batch norm and ReLU before it to the rows that it reads.
 * Pre-activation networks have no convolution to fold that batch norm into. Its result is never written.
 *
 * before   h = batchNormInference(x, gamma, beta, runningMean, runningVar) relu
 *          y = conv2d(x: h, w)
 * after    rstd = rstdOfVariance(gamma, runningVar)
 *          y = conv2d(x, w, mean: runningMean, rstd, gamma, beta)
 * when     inference; h is read once, the norm is state, w is 1×1 at stride 1 in one group
 * bits     same
 */
import { is, nodeOf, type Graph, type Node, type NodeOf } from '../../core/graph.ts';
import { batchNormInference } from '../../ops/batchNorm/batchNormInference.ts';
import { rstdOfVariance } from '../../ops/batchNorm/rstdOfVariance.ts';
import { chooseConvAlgorithm } from '../../ops/conv2d/chooseAlgorithm.ts';
import {
  conv2d,
  conv2dShape,
  type Conv2dAttrs,
  type Conv2dInputs,
  type Conv2dOutputs,
} from '../../ops/conv2d/conv2d.ts';
import { countUses, Maker, producers, replaceNodes } from '../rewrite.ts';

export function fuseFrozenNormIntoPointwise(graph: Graph): Graph {
  const uses = countUses(graph);
  const made = producers(graph);
  const make = new Maker(graph);
  const changes = new Map<Node, readonly Node[]>();
  for (const conv of graph.nodes) {
    if (!is(conv, conv2d) || !readsInPlace(conv)) continue;
    const h = conv.inputs.x;
    const norm = made.get(h);
    if (!is(norm, batchNormInference) || !norm.attrs.relu || uses.get(h) !== 1) continue;
    const { x, gamma, beta, runningMean: mean, runningVar } = norm.inputs;
    if ([gamma, beta, mean, runningVar].some((value) => value.kind !== 'state')) continue;
    const place = { path: norm.path };
    const { eps } = norm.attrs;
    const deviation = make.node(place, rstdOfVariance, { gamma, runningVar }, { eps });
    const { rstd } = deviation.outputs;
    const inputs = { ...conv.inputs, x, norm: { mean, rstd, gamma, beta } };
    changes.set(norm, []);
    changes.set(conv, [deviation.node, nodeOf(conv, conv2d, inputs, conv.outputs, conv.attrs)]);
  }
  return replaceNodes(graph, changes);
}

/** Whether a convolution reads pixels where they lie, one for one. */
function readsInPlace({
  inputs: { x, w },
  attrs,
}: NodeOf<Conv2dInputs, Conv2dOutputs, Conv2dAttrs>): boolean {
  const algorithm = attrs.algorithm ?? chooseConvAlgorithm(conv2dShape(x, w, attrs), false);
  const plain = attrs.groups === 1 && attrs.stride.every((step) => step === 1);
  return algorithm === 'pointwise' && plain;
}
