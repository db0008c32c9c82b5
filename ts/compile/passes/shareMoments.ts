/*
 * Takes the moments of each part of a concatenation once.
 * In a dense block every layer normalises all channels that were made before it.
 *
 * before   x = concat(a, b)
 *          y, mean, rstd = batchNormTrain(x, gamma, beta, runningMean, runningVar)
 * after    x = concat(a, b)
 *          m = channelMoments(x: a)
 *          n = channelMoments(x: b)
 *          moments = concat(m, n)
 *          mean, rstd = batchNormStatistics(moments, runningMean, runningVar)
 *          y = batchNormApply(x, mean, rstd, gamma, beta)
 * when     training; x is joined by or made by a concatenation, of parts that have whole vectors of channels
 * bits     same
 */
import { is, nodeOf, type Graph, type Node, type NodePlace, type Value } from '../../core/graph.ts';
import { batchNormApply } from '../../ops/batchNorm/batchNormApply.ts';
import { batchNormStatistics } from '../../ops/batchNorm/batchNormStatistics.ts';
import { batchNormTrain } from '../../ops/batchNorm/batchNormTrain.ts';
import { channelMoments } from '../../ops/batchNorm/channelMoments.ts';
import { concat } from '../../ops/concat.ts';
import { mapTree } from '../../ops/places.ts';
import { channelsOf, pixelsOf } from '../../base/shape.ts';
import { joinedValues, Maker, producers } from '../rewrite.ts';

/** Channels whose moments have the same bits whatever lies beside them. */
const VECTOR = 4;

export function shareMoments(graph: Graph): Graph {
  const joined = joinedValues(graph);
  const moments = new Moments(graph);
  // Moments that were taken before, of x as a whole, and what stands for them.
  const renamed = new Map<Value, Value>();
  const nameOf = (value: Value): Value => renamed.get(value) ?? value;
  const nodes = graph.nodes.flatMap((node): Node[] => {
    if (is(node, channelMoments)) {
      renamed.set(node.outputs.moments, moments.of(node.inputs.x, node));
      return moments.take();
    }
    if (is(node, batchNormTrain) && joined.has(node.inputs.x)) {
      const { x, gamma, beta, runningMean, runningVar } = node.inputs;
      const { y, mean, rstd } = node.outputs;
      const { eps, momentum, relu } = node.attrs;
      const known = { moments: moments.of(x, node), runningMean, runningVar };
      const attrs = { pixels: pixelsOf(x.shape), eps, momentum };
      const read = { x, norm: { mean, rstd, gamma, beta } };
      return [
        ...moments.take(),
        nodeOf(node, batchNormStatistics, known, { mean, rstd }, attrs),
        nodeOf(node, batchNormApply, read, { y }, { relu }),
      ];
    }
    return [{ ...node, inputs: mapTree(node.inputs, nameOf) }];
  });
  return { ...graph, nodes, outputs: graph.outputs.map(nameOf) };
}

/** The moments of values, each taken once: where a concatenation made one, its parts' are joined. */
class Moments {
  readonly #made: ReadonlyMap<Value, Node>;
  readonly #make: Maker;
  readonly #known = new Map<Value, Value>();
  #nodes: Node[] = [];

  constructor(graph: Graph) {
    this.#made = producers(graph);
    this.#make = new Maker(graph);
  }

  /** Nodes made since the last call. */
  take(): Node[] {
    const nodes = this.#nodes;
    this.#nodes = [];
    return nodes;
  }

  of(x: Value, near: NodePlace): Value {
    const known = this.#known.get(x);
    if (known) return known;
    const moments = this.#ofParts(x, near) ?? this.#ofWhole(x, near);
    this.#known.set(x, moments);
    return moments;
  }

  #ofParts(x: Value, near: NodePlace): Value | undefined {
    const maker = this.#made.get(x);
    if (!is(maker, concat)) return undefined;
    const { parts } = maker.inputs;
    if (!parts.every((part) => channelsOf(part.shape) % VECTOR === 0)) return undefined;
    const inputs = { parts: parts.map((part) => this.of(part, near)) };
    const { node, outputs } = this.#make.node(near, concat, inputs, {});
    this.#nodes.push(node);
    return outputs.y;
  }

  #ofWhole(x: Value, near: NodePlace): Value {
    const { node, outputs } = this.#make.node(near, channelMoments, { x }, {});
    this.#nodes.push(node);
    return outputs.moments;
  }
}
