/*
 * Lets the convolutions of a dense block, and the gradients of their weights, apply batch norm and ReLU to what they read.
 * The normalised tensor would be kept for the gradient and holds all channels so far: it is never written.
 * Elsewhere it costs as much time as it saves.
 *
 * before   h, mean, rstd = batchNormTrain(x, gamma, beta, runningMean, runningVar) relu
 *          y = conv2d(x: h, w)
 *          dw = conv2dBackwardWeight(x: h, dy)
 * after    moments = channelMoments(x)
 *          mean, rstd = batchNormStatistics(moments, runningMean, runningVar)
 *          y = conv2d(x, w, mean, rstd, gamma, beta)
 *          dw = conv2dBackwardWeight(x, dy, mean, rstd, gamma, beta)
 * when     training, fast; x is joined by or made by a concatenation, all that reads h is by F(4×4, 3×3)
 * bits     same
 */
import { inputsOf, is, nodeOf, type Graph, type Node, type Value } from '../../core/graph.ts';
import { batchNormStatistics } from '../../ops/batchNorm/batchNormStatistics.ts';
import { batchNormTrain } from '../../ops/batchNorm/batchNormTrain.ts';
import { channelMoments } from '../../ops/batchNorm/channelMoments.ts';
import { chooseConvAlgorithm, chooseWeightAlgorithm } from '../../ops/conv2d/chooseAlgorithm.ts';
import { conv2d, conv2dShape } from '../../ops/conv2d/conv2d.ts';
import {
  backwardWeightShape,
  conv2dBackwardWeight,
} from '../../ops/conv2d/conv2dBackwardWeight.ts';
import { pixelsOf } from '../../base/shape.ts';
import { joinedValues, Maker, replaceNodes } from '../rewrite.ts';

export function fuseNormIntoReaders(graph: Graph, winograd: boolean): Graph {
  if (!winograd) return graph;
  const readers = readersOf(graph);
  const joined = joinedValues(graph);
  const make = new Maker(graph);
  const changes = new Map<Node, readonly Node[]>();
  for (const node of graph.nodes) {
    if (!is(node, batchNormTrain) || !node.attrs.relu) continue;
    const { x, gamma, beta, runningMean, runningVar } = node.inputs;
    const { y: h, mean, rstd } = node.outputs;
    if (!joined.has(x) || graph.outputs.includes(h)) continue;
    const reading = readers.get(h) ?? [];
    if (!reading.every((reader) => canNormalise(reader, h))) continue;
    const { eps, momentum } = node.attrs;
    const moments = make.node(node, channelMoments, { x }, {});
    const inputs = { ...moments.outputs, runningMean, runningVar };
    const attrs = { pixels: pixelsOf(x.shape), eps, momentum };
    changes.set(node, [
      moments.node,
      nodeOf(node, batchNormStatistics, inputs, { mean, rstd }, attrs),
    ]);
    const norm = { mean, rstd, gamma, beta };
    for (const reader of reading) {
      changes.set(reader, [{ ...reader, inputs: { ...reader.inputs, x, norm } }]);
    }
  }
  return replaceNodes(graph, changes);
}

/** The nodes that read each value, each as often as it does. */
function readersOf({ nodes }: Graph): Map<Value, Node[]> {
  const readers = new Map<Value, Node[]>();
  for (const node of nodes) {
    for (const input of inputsOf(node)) {
      const known = readers.get(input);
      if (known) known.push(node);
      else readers.set(input, [node]);
    }
  }
  return readers;
}

/** Whether h is the x, and nothing else, of a convolution or of the gradient of its weight by F(4×4, 3×3). */
function canNormalise(reader: Node, h: Value): boolean {
  if (inputsOf(reader).filter((input) => input === h).length !== 1) return false;
  if (is(reader, conv2d) && reader.inputs.x === h) {
    const { inputs, attrs } = reader;
    const conv = conv2dShape(h, inputs.w, attrs);
    return (attrs.algorithm ?? chooseConvAlgorithm(conv, true)) === 'winograd_4x4';
  }
  if (is(reader, conv2dBackwardWeight) && reader.inputs.x === h) {
    const { inputs, attrs } = reader;
    const conv = backwardWeightShape(h, inputs.dy, attrs);
    return (attrs.algorithm ?? chooseWeightAlgorithm(conv, true)) === 'winograd_4x4';
  }
  return false;
}
