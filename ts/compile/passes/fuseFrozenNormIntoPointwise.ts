import type { Graph, Node, Value } from '../../core/graph.ts';
import { batchNormInference, type BatchNormAttrs } from '../../ops/batchNorm/batchNorm.ts';
import { rstdOfVariance } from '../../ops/batchNorm/rstdOfVariance.ts';
import { chooseConvAlgorithm } from '../../ops/conv2d/chooseAlgorithm.ts';
import { conv2d, type Conv2dAttrs } from '../../ops/conv2d/conv2d.ts';
import { convShape, weightSizes } from '../../ops/conv2d/geometry.ts';
import type { Op } from '../../ops/op.ts';
import { countUses, newIds, producers, replaceNodes } from '../rewrite.ts';

/**
 * In inference, lets a 1×1 convolution apply the batch norm and ReLU before it to the rows that it reads: pre-activation
 * networks have no convolution to fold that batch norm into, and its result is never written.
 */
export function fuseFrozenNormIntoPointwise(graph: Graph): Graph {
  const uses = countUses(graph);
  const made = producers(graph);
  const newId = newIds(graph);
  const changes = new Map<Node, readonly Node[]>();
  for (const conv of graph.nodes) {
    if (conv.op !== (conv2d as Op)) continue;
    const [y, ...others] = conv.inputs;
    const norm = made.get(y!);
    if (norm?.op !== (batchNormInference as Op) || uses.get(y!) !== 1) continue;
    const [x, gamma, beta, mean, variance] = norm.inputs;
    const { eps, relu } = norm.attrs as BatchNormAttrs;
    const frozen = [gamma, beta, mean, variance].every((value) => value!.kind === 'state');
    if (!relu || !frozen || !canNormalise(conv)) continue;
    const rstd: Value = { id: newId(), kind: 'temporary', shape: gamma!.shape, dtype: 'f32' };
    changes.set(norm, []);
    changes.set(conv, [
      {
        ...{ op: rstdOfVariance, path: norm.path, attrs: { eps } },
        ...{ inputs: [gamma!, variance!], outputs: [rstd] },
      },
      {
        ...conv,
        inputs: [x!, ...others, mean!, gamma!, rstd, beta!],
        attrs: { ...(conv.attrs as Conv2dAttrs), norm: true },
      },
    ]);
  }
  return replaceNodes(graph, changes);
}

/** Whether a convolution reads pixels where they lie, one for one. */
function canNormalise({ inputs: [y, w], attrs }: Node): boolean {
  const own = attrs as Conv2dAttrs;
  const { kernelSize, outChannels } = weightSizes('conv2d', w!);
  const conv = convShape('conv2d', y!, kernelSize, outChannels, own);
  const algorithm = own.algorithm ?? chooseConvAlgorithm(conv, false);
  return algorithm === 'pointwise' && own.groups === 1 && own.stride.every((step) => step === 1);
}
