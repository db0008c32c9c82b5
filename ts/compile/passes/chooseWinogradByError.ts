/*
 * Takes Winograd's algorithm where its error with a convolution's weights, as they are now, stays within `convErrorBound`.
 * In inference it does so for smaller maps than where nobody looks.
 *
 * before   y = conv2d(x, w)
 * after    y = conv2d(x, w) algorithm winograd_4x4
 *    or    y = conv2d(x, w) algorithm implicit_gemm
 * when     training and inference, fast; w is state that the graph does not write, and no algorithm was asked for
 * bits     changed
 */
import { is, writtenBy, type Graph, type Node } from '../../core/graph.ts';
import { chooseConvAlgorithm } from '../../ops/conv2d/chooseAlgorithm.ts';
import { conv2d, conv2dShape } from '../../ops/conv2d/conv2d.ts';
import { conv2dBackwardInput } from '../../ops/conv2d/conv2dBackwardInput.ts';
import { conv2dBackwardWeight } from '../../ops/conv2d/conv2dBackwardWeight.ts';
import { convErrorBound } from '../../ops/conv2d/errorBound.ts';
import { isWinograd } from '../../ops/conv2d/winogradTile.ts';
import { replaceNodes } from '../rewrite.ts';
import { winogradError } from '../winogradError.ts';

export function chooseWinogradByError(graph: Graph, winograd: boolean): Graph {
  const written = new Set(graph.nodes.flatMap(writtenBy));
  const inference = !graph.nodes.some(
    (node) => is(node, conv2dBackwardInput) || is(node, conv2dBackwardWeight),
  );
  const changes = new Map<Node, readonly Node[]>();
  for (const node of graph.nodes) {
    if (!is(node, conv2d)) continue;
    const { x, w } = node.inputs;
    // Weights that the graph writes are others after the first run.
    if (!w.tensor || written.has(w) || node.attrs.algorithm) continue;
    const conv = conv2dShape(x, w, node.attrs);
    const algorithm = chooseConvAlgorithm(conv, winograd, inference);
    if (!isWinograd(algorithm)) continue;
    const error = winogradError(w.tensor.engine, w.tensor, algorithm);
    // A NaN is not below the bound either.
    const exact = error <= convErrorBound(9 * conv.inChannels);
    const attrs = { ...node.attrs, algorithm: exact ? algorithm : 'implicit_gemm' };
    changes.set(node, [{ ...node, attrs }]);
  }
  return replaceNodes(graph, changes);
}
