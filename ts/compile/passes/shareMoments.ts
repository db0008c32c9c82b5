import type { Graph, Node, Value } from '../../core/graph.ts';
import {
  batchNormApply,
  batchNormTrain,
  type BatchNormTrainAttrs,
} from '../../ops/batchNorm/batchNorm.ts';
import { batchNormStatistics } from '../../ops/batchNorm/batchNormStatistics.ts';
import { channelMoments } from '../../ops/batchNorm/channelMoments.ts';
import { concat } from '../../ops/concat.ts';
import type { Op } from '../../ops/op.ts';
import { channelsOf, pixelsOf } from '../../base/shape.ts';
import { joinedValues, newIds, producers } from '../rewrite.ts';

/** Channels whose moments have the same bits whatever lies beside them. */
const VECTOR = 4;

/**
 * Takes the moments of each part of a concatenation once: in a dense block every layer normalises all channels that were
 * made before it. The arithmetic stays the same, bit for bit.
 */
export function shareMoments(graph: Graph): Graph {
  const made = producers(graph);
  const joined = joinedValues(graph);
  const newId = newIds(graph);
  const known = new Map<Value, Value>();
  const nodes: Node[] = [];
  const momentsOf = (x: Value, near: Node): Value => {
    const before = known.get(x);
    if (before) return before;
    const maker = made.get(x);
    const whole = (part: Value): boolean => channelsOf(part.shape) % VECTOR === 0;
    const splits = maker?.op === (concat as Op) && maker.inputs.every(whole);
    const parts = splits ? maker.inputs.map((part) => momentsOf(part, near)) : undefined;
    const shape = [2, channelsOf(x.shape)];
    const moments: Value = { id: newId(), kind: 'temporary', shape, dtype: 'f32' };
    nodes.push({
      ...near,
      op: parts ? concat : channelMoments,
      inputs: parts ?? [x],
      outputs: [moments],
      attrs: {},
    });
    known.set(x, moments);
    return moments;
  };
  const renamed = new Map<Value, Value>();
  const nameOf = (value: Value): Value => renamed.get(value) ?? value;
  for (const node of graph.nodes) {
    const x = node.inputs[0];
    if (node.op === (channelMoments as Op)) {
      renamed.set(node.outputs[0]!, momentsOf(x!, node));
    } else if (node.op === (batchNormTrain as Op) && joined.has(x!)) {
      const { eps, momentum, relu } = node.attrs as BatchNormTrainAttrs;
      const [, gamma, beta, ...running] = node.inputs;
      const [y, mean, rstd] = node.outputs;
      nodes.push(
        {
          ...{ ...node, op: batchNormStatistics, inputs: [momentsOf(x!, node), ...running] },
          outputs: [mean!, rstd!],
          attrs: { pixels: pixelsOf(x!.shape), eps, momentum },
        },
        {
          ...{ ...node, op: batchNormApply, inputs: [x!, gamma!, beta!, mean!, rstd!] },
          outputs: [y!],
          attrs: { relu },
        },
      );
    } else {
      const inputs = node.inputs.map(nameOf);
      nodes.push(inputs.some((input, i) => input !== node.inputs[i]) ? { ...node, inputs } : node);
    }
  }
  return { ...graph, nodes, outputs: graph.outputs.map(nameOf) };
}
