import type { Graph, Node, Value } from '../../core/graph.ts';
import { batchNormBackward, type BatchNormBackwardAttrs } from '../../ops/batchNorm/batchNorm.ts';
import { addNormCorrection } from '../../ops/batchNorm/addNormCorrection.ts';
import { concat } from '../../ops/concat.ts';
import {
  conv2dBackwardInput,
  inputGradientAlgorithm,
  type Conv2dBackwardInputAttrs,
} from '../../ops/conv2d/conv2dBackwardInput.ts';
import { conv2dBackwardInputThroughNorm } from '../../ops/conv2d/conv2dBackwardInputThroughNorm.ts';
import type { Op } from '../../ops/op.ts';
import { sliceChannels, type SliceChannelsAttrs } from '../../ops/sliceChannels.ts';
import { channelsOf, type Shape } from '../../base/shape.ts';
import { countUses, joinedValues, newIds, producers } from '../rewrite.ts';

/** A gradient that lacks what batch norm's statistics add: see conv2dBackwardInputThroughNorm. */
interface Incomplete {
  readonly g: Value;
  readonly factors: Value;
  /** Input of the batch norm, and its mean. */
  readonly x: Value;
  readonly mean: Value;
}

/**
 * In a dense block, lets a convolution that computes the gradient of batch norm and ReLU before it take batch norm's sums in its
 * epilogue, and pass on at once what needs no sums. The rest is linear in x, which many layers normalise: it is added once for all of
 * them, where the gradient of a channel is read. Changes rounding; blocks without concatenations gain nothing by it.
 */
export function shareNormGradient(graph: Graph, winograd: boolean): Graph {
  if (!winograd) return graph;
  const fused = findFused(graph);
  if (fused.size === 0) return graph;
  const convolutions = new Set(fused.values());
  const made = producers(graph);
  const newId = newIds(graph);
  const incomplete = new Map<Value, Incomplete>();
  const nodes: Node[] = [];
  const temporary = (shape: Shape): Value => ({
    ...{ id: newId(), kind: 'temporary', shape, dtype: 'f32' },
  });
  const apply = <A>(near: Node, op: Op<A>, inputs: Value[], attrs: A): Value => {
    const output = temporary(op.infer(inputs, attrs)[0]!.shape);
    nodes.push({ ...near, op: op, inputs, outputs: [output], attrs });
    return output;
  };
  const complete = (value: Value, near: Node): void => {
    const parts = incomplete.get(value);
    if (!parts) return;
    incomplete.delete(value);
    const { g, x, mean, factors } = parts;
    nodes.push({
      ...{ ...near, op: addNormCorrection, inputs: [g, x, mean, factors] },
      ...{ outputs: [value], attrs: {} },
    });
  };
  const fuse = (node: Node, conv: Node): void => {
    const [, x, gamma, mean, rstd, beta] = node.inputs;
    const { residual: hasResidual } = node.attrs as BatchNormBackwardAttrs;
    const residual = hasResidual ? node.inputs.at(-1)! : undefined;
    const before = residual && incomplete.get(residual);
    const joined = before?.x === x ? before : undefined;
    if (residual && !joined) complete(residual, node);
    const sums = joined ? [joined.g, joined.factors] : residual ? [residual] : [];
    const [dx, dgamma, dbeta] = node.outputs;
    const [g, factors] = [temporary(x!.shape), temporary([3, channelsOf(x!.shape)])];
    nodes.push({
      ...node,
      op: conv2dBackwardInputThroughNorm,
      inputs: [...conv.inputs, x!, mean!, gamma!, rstd!, beta!, ...sums],
      outputs: [g, dgamma!, dbeta!, factors],
      attrs: { ...(conv.attrs as object), residual: hasResidual, earlier: joined !== undefined },
      path: conv.path,
    });
    incomplete.set(dx!, { g, factors, x: x!, mean: mean! });
  };
  const slice = (node: Node, whole: Incomplete): void => {
    const attrs = node.attrs as SliceChannelsAttrs;
    const cut = (value: Value): Value => apply(node, sliceChannels, [value], attrs);
    const x = partOf(made.get(whole.x), attrs) ?? cut(whole.x);
    const [g, factors, mean] = [cut(whole.g), cut(whole.factors), cut(whole.mean)];
    incomplete.set(node.outputs[0]!, { g, factors, x, mean });
  };

  for (const node of graph.nodes) {
    const conv = fused.get(node);
    const whole = node.op === (sliceChannels as Op) && incomplete.get(node.inputs[0]!);
    if (convolutions.has(node)) continue;
    if (conv) fuse(node, conv);
    else if (whole) slice(node, whole);
    else {
      for (const input of node.inputs) complete(input, node);
      nodes.push(node);
    }
  }
  for (const output of graph.outputs) complete(output, graph.nodes.at(-1)!);
  return { ...graph, nodes };
}

/** Batch norms' gradients, and the convolution that each can become a part of. */
function findFused(graph: Graph): Map<Node, Node> {
  const uses = countUses(graph);
  const made = producers(graph);
  const joined = joinedValues(graph);
  const found = new Map<Node, Node>();
  for (const node of graph.nodes) {
    const dy = node.inputs[0];
    if (node.op !== (batchNormBackward as Op) || uses.get(dy!) !== 1) continue;
    const conv = made.get(dy!);
    if (conv?.op !== (conv2dBackwardInput as Op)) continue;
    const attrs = conv.attrs as Conv2dBackwardInputAttrs;
    const { mask } = node.attrs as BatchNormBackwardAttrs;
    if (mask !== 'beta' || attrs.residual || !joined.has(node.inputs[1]!)) continue;
    const [y, w] = conv.inputs;
    if (inputGradientAlgorithm(y!, w!, attrs) === 'winograd_4x4') found.set(node, conv);
  }
  return found;
}

/** What a concatenation joined in exactly these channels. */
function partOf(
  node: Node | undefined,
  { start, channels }: SliceChannelsAttrs,
): Value | undefined {
  if (node?.op !== (concat as Op)) return undefined;
  let first = 0;
  for (const input of node.inputs) {
    if (first === start && channelsOf(input.shape) === channels) return input;
    first += channelsOf(input.shape);
  }
  return undefined;
}
