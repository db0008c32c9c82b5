import type { Graph, Node, Value } from '../../core/graph.ts';
import { batchNormTrain, type BatchNormTrainAttrs } from '../../ops/batchNorm/batchNorm.ts';
import { channelMoments } from '../../ops/batchNorm/channelMoments.ts';
import { batchNormStatistics } from '../../ops/batchNorm/batchNormStatistics.ts';
import { chooseConvAlgorithm, chooseWeightAlgorithm } from '../../ops/conv2d/chooseAlgorithm.ts';
import { conv2d, type Conv2dAttrs } from '../../ops/conv2d/conv2d.ts';
import {
  conv2dBackwardWeight,
  type Conv2dBackwardWeightAttrs,
} from '../../ops/conv2d/conv2dBackwardWeight.ts';
import { convShape, weightSizes } from '../../ops/conv2d/geometry.ts';
import type { Op } from '../../ops/op.ts';
import { channelsOf, pixelsOf } from '../../base/shape.ts';
import { joinedValues, newIds, replaceNodes } from '../rewrite.ts';

/**
 * In a dense block, lets convolutions and the gradients of their weights apply batch norm and ReLU to what they read, where their
 * kernels can: the normalised tensor, which would be kept for the gradient and holds all channels so far, is never written. Elsewhere
 * it costs as much time as it saves.
 */
export function fuseNormIntoReaders(graph: Graph, winograd: boolean): Graph {
  if (!winograd) return graph;
  const readers = new Map<Value, Node[]>();
  for (const node of graph.nodes) {
    for (const input of node.inputs) readers.set(input, [...(readers.get(input) ?? []), node]);
  }
  const joined = joinedValues(graph);
  const newId = newIds(graph);
  const changes = new Map<Node, readonly Node[]>();
  for (const node of graph.nodes) {
    if (node.op !== (batchNormTrain as Op) || !(node.attrs as BatchNormTrainAttrs).relu) continue;
    const [x, gamma, beta, ...running] = node.inputs;
    const [y, mean, rstd] = node.outputs;
    if (!joined.has(x!) || graph.outputs.includes(y!)) continue;
    const convolutions = readers.get(y!) ?? [];
    const able = convolutions.every((reader) => canNormalise(reader, y!) && !changes.has(reader));
    if (!able) continue;
    const { eps, momentum } = node.attrs as BatchNormTrainAttrs;
    const moments: Value = {
      ...{ id: newId(), kind: 'temporary', shape: [2, channelsOf(x!.shape)], dtype: 'f32' },
    };
    changes.set(node, [
      { ...node, op: channelMoments, inputs: [x!], outputs: [moments], attrs: {} },
      {
        ...{ ...node, op: batchNormStatistics, inputs: [moments, ...running] },
        outputs: [mean!, rstd!],
        attrs: { pixels: pixelsOf(x!.shape), eps, momentum },
      },
    ]);
    for (const reader of convolutions) {
      const inputs = [x!, ...reader.inputs.slice(1), mean!, gamma!, rstd!, beta!];
      const attrs = { ...(reader.attrs as object), norm: true };
      changes.set(reader, [{ ...reader, inputs, attrs }]);
    }
  }
  return replaceNodes(graph, changes);
}

/** Whether this is a convolution of y, or the gradient of its weights, by F(4×4, 3×3). */
function canNormalise({ op, inputs, attrs }: Node, y: Value): boolean {
  if (inputs.indexOf(y) !== 0 || inputs.lastIndexOf(y) !== 0) return false;
  if (op === (conv2d as Op)) {
    const { kernelSize, outChannels } = weightSizes('conv2d', inputs[1]!);
    const conv = convShape('conv2d', y, kernelSize, outChannels, attrs as Conv2dAttrs);
    const { algorithm = chooseConvAlgorithm(conv, true) } = attrs as Conv2dAttrs;
    return algorithm === 'winograd_4x4';
  }
  if (op === (conv2dBackwardWeight as Op)) {
    const own = attrs as Conv2dBackwardWeightAttrs;
    const outChannels = channelsOf(inputs[1]!.shape);
    const conv = convShape('conv2d', y, own.kernelSize, outChannels, own);
    return (own.algorithm ?? chooseWeightAlgorithm(conv, true)) === 'winograd_4x4';
  }
  return false;
}
