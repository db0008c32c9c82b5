import type { Graph, Node, Value } from '../../core/graph.ts';
import { batchNormInference, foldBatchNorm as foldOp } from '../../ops/batchNorm/batchNorm.ts';
import { conv2d, type Conv2dAttrs } from '../../ops/conv2d/conv2d.ts';
import type { Op } from '../../ops/op.ts';
import { countUses, newIds, producers, replaceNodes } from '../rewrite.ts';

/**
 * Puts batch norm in inference into the weights of the convolution before it: `γ·(conv(x, w) - μ)/σ + β` is
 * `conv(x, w·γ/σ) + (β - μ·γ/σ)`. The folded weights depend on parameters alone, so they are computed before the run.
 */
export function foldBatchNorm(graph: Graph): Graph {
  const uses = countUses(graph);
  const made = producers(graph);
  const newId = newIds(graph);
  const changes = new Map<Node, readonly Node[]>();
  for (const node of graph.nodes) {
    if (node.op !== (batchNormInference as Op)) continue;
    const [x, ...statistics] = node.inputs;
    const conv = made.get(x!);
    if (conv?.op !== (conv2d as Op) || uses.get(x!) !== 1) continue;
    const attrs = conv.attrs as Conv2dAttrs;
    const { eps, relu } = node.attrs as { eps: number; relu: boolean };
    if (attrs.relu || attrs.residual || statistics.some((value) => value.kind !== 'state'))
      continue;
    const [input, weight, bias] = conv.inputs;
    if (weight!.kind !== 'state') continue;
    const temporary = (like: Value): Value => ({
      id: newId(),
      kind: 'temporary',
      shape: like.shape,
      dtype: 'f32',
    });
    const folded = [temporary(weight!), temporary(statistics[0]!)];
    changes.set(conv, []);
    changes.set(node, [
      {
        op: foldOp,
        inputs: [weight!, ...(bias ? [bias] : []), ...statistics],
        outputs: folded,
        attrs: { eps, bias: attrs.bias },
        path: node.path,
      },
      {
        ...conv,
        inputs: [input!, ...folded],
        outputs: node.outputs,
        attrs: { ...attrs, bias: true, relu },
      },
    ]);
  }
  return replaceNodes(graph, changes);
}
