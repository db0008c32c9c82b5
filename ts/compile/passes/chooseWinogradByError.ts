import type { Graph, Node, Value } from '../../core/graph.ts';
import { chooseConvAlgorithm } from '../../ops/conv2d/chooseAlgorithm.ts';
import { conv2d, type Conv2dAttrs } from '../../ops/conv2d/conv2d.ts';
import { conv2dBackwardInput } from '../../ops/conv2d/conv2dBackwardInput.ts';
import { conv2dBackwardWeight } from '../../ops/conv2d/conv2dBackwardWeight.ts';
import { convShape, weightSizes } from '../../ops/conv2d/geometry.ts';
import type { Op } from '../../ops/op.ts';
import { convErrorBound } from '../../ops/conv2d/errorBound.ts';
import { isWinograd } from '../../ops/conv2d/winogradTile.ts';
import { replaceNodes } from '../rewrite.ts';
import { winogradError } from '../winogradError.ts';

/** What tells a training graph from one for inference. */
const GRADIENTS = new Set<unknown>([conv2dBackwardInput, conv2dBackwardWeight]);

/**
 * Lets a convolution use implicit GEMM where Winograd's error with its weights, as they are now, exceeds
 * {@link convErrorBound}, and in inference Winograd's algorithm for smaller maps than where nobody looks. Weights that the
 * graph writes are left alone, as they are others after the first run, and so is an algorithm that was asked for.
 */
export function chooseWinogradByError(graph: Graph, winograd: boolean): Graph {
  if (!winograd) return graph;
  const written = new Set<Value>();
  for (const { op, inputs } of graph.nodes)
    for (const index of op.mutates ?? []) written.add(inputs[index]!);
  const inference = !graph.nodes.some(({ op }) => GRADIENTS.has(op));
  const changes = new Map<Node, readonly Node[]>();
  for (const node of graph.nodes) {
    const [x, w] = node.inputs;
    const attrs = node.attrs as Conv2dAttrs;
    if (node.op !== (conv2d as Op) || attrs.packed || !w!.tensor || written.has(w!)) continue;
    if (attrs.algorithm) continue;
    const { kernelSize, outChannels } = weightSizes('conv2d', w!);
    const conv = convShape('conv2d', x!, kernelSize, outChannels, attrs);
    const algorithm = chooseConvAlgorithm(conv, winograd, inference);
    if (!isWinograd(algorithm)) continue;
    const error = winogradError(w!.tensor.engine, w!.tensor, algorithm);
    // A NaN is not below the bound either.
    const exact = error <= convErrorBound(9 * conv.inChannels);
    changes.set(node, [
      { ...node, attrs: { ...attrs, algorithm: exact ? algorithm : 'implicit_gemm' } },
    ]);
  }
  return replaceNodes(graph, changes);
}
