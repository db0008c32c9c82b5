/*
 * Lets the convolution that makes the gradient by a batch norm's result take that norm's sums in its epilogue.
 * What needs no sums it passes on at once. The rest is linear in x, which all layers of a dense block normalise.
 * It is added once for all of them, where the gradient of a channel is read. Blocks without concatenations gain nothing by it.
 *
 * before   d = conv2dBackwardInput(dy, w)
 *          dx, dgamma, dbeta = batchNormBackward(dy: d, x, mean, rstd, gamma, beta, residual)
 *          dz = relu(x: dx)
 * after    g, dgamma, dbeta, factors = conv2dBackwardInputThroughNorm(dy, w, x, mean, rstd, gamma, beta, residual)
 *          dx = addNormCorrection(g, x, mean, factors)
 *          dz = relu(x: dx)
 * when     training, fast; d is read once and made by F(4×4, 3×3), x is joined by or made by a concatenation
 * bits     changed
 */
import {
  inputsOf,
  is,
  nodeOf,
  type Graph,
  type Node,
  type NodePlace,
  type Value,
} from '../../core/graph.ts';
import { addNormCorrection } from '../../ops/batchNorm/addNormCorrection.ts';
import { batchNormBackward } from '../../ops/batchNorm/batchNormBackward.ts';
import type { Norm } from '../../ops/batchNorm/norm.ts';
import { concat } from '../../ops/concat.ts';
import {
  conv2dBackwardInput,
  inputGradientAlgorithm,
  type Conv2dBackwardInputAttrs,
} from '../../ops/conv2d/conv2dBackwardInput.ts';
import { conv2dBackwardInputThroughNorm } from '../../ops/conv2d/conv2dBackwardInputThroughNorm.ts';
import type { Of } from '../../ops/places.ts';
import { sliceChannels, type SliceChannelsAttrs } from '../../ops/sliceChannels.ts';
import { channelsOf } from '../../base/shape.ts';
import { countUses, joinedValues, Maker, producers } from '../rewrite.ts';

export function shareNormGradient(graph: Graph, winograd: boolean): Graph {
  if (!winograd) return graph;
  const fusible = findFusible(graph);
  if (fusible.size === 0) return graph;
  const convolutions = new Set([...fusible.values()].map(({ conv }) => conv));
  const rewriter = new Rewriter(graph);
  for (const node of graph.nodes) {
    const pair = fusible.get(node);
    if (convolutions.has(node)) continue;
    if (pair) rewriter.fuse(pair);
    else if (!rewriter.slice(node)) rewriter.keep(node);
  }
  return rewriter.finish();
}

/** The gradient of a batch norm and a ReLU, and the convolution that it can become a part of. */
interface Fusible {
  readonly conv: Node;
  readonly dy: Value;
  readonly w: Value;
  readonly x: Value;
  readonly norm: Of<Norm, Value>;
  readonly residual: Value | undefined;
  readonly dx: Value;
  readonly dgamma: Value;
  readonly dbeta: Value;
  readonly attrs: Conv2dBackwardInputAttrs;
  readonly place: NodePlace;
}

/** What can be fused, by the nodes of batch norm's gradients. */
function findFusible(graph: Graph): Map<Node, Fusible> {
  const uses = countUses(graph);
  const made = producers(graph);
  const joined = joinedValues(graph);
  const found = new Map<Node, Fusible>();
  for (const node of graph.nodes) {
    if (!is(node, batchNormBackward) || !joined.has(node.inputs.x)) continue;
    const { dy: d, x, norm, residual } = node.inputs;
    const conv = made.get(d);
    if (!is(conv, conv2dBackwardInput) || conv.inputs.residual || uses.get(d) !== 1) continue;
    if (!norm.beta) continue;
    const { dy, w } = conv.inputs;
    if (inputGradientAlgorithm(dy, w, conv.attrs) !== 'winograd_4x4') continue;
    found.set(node, {
      conv,
      dy,
      w,
      x,
      norm: { ...norm, beta: norm.beta },
      residual,
      ...node.outputs,
      attrs: conv.attrs,
      place: { ...node, path: conv.path },
    });
  }
  return found;
}

/** A gradient that lacks what batch norm's statistics add: see conv2dBackwardInputThroughNorm. */
interface Incomplete {
  readonly g: Value;
  readonly factors: Value;
  /** Input of the batch norm. */
  readonly x: Value;
  readonly mean: Value;
}

/** Writes a graph's nodes once more, and completes each gradient before the first node that needs it so. */
class Rewriter {
  readonly #graph: Graph;
  readonly #made: ReadonlyMap<Value, Node>;
  readonly #make: Maker;
  readonly #incomplete = new Map<Value, Incomplete>();
  readonly #nodes: Node[] = [];

  constructor(graph: Graph) {
    this.#graph = graph;
    this.#made = producers(graph);
    this.#make = new Maker(graph);
  }

  /** The convolution takes the batch norm's sums, on top of those of an earlier layer that normalises the same x. */
  fuse({ dy, w, x, norm, residual, dx, dgamma, dbeta, attrs, place }: Fusible): void {
    const earlier = residual && this.#incomplete.get(residual);
    const sums = earlier?.x === x ? earlier : undefined;
    if (residual && !sums) this.#complete(residual, place);
    const inputs = {
      dy,
      w,
      x,
      norm,
      residual: sums ? sums.g : residual,
      residualFactors: sums?.factors,
    };
    const g = this.#make.value(x);
    const factors = this.#make.value({ shape: [3, channelsOf(x.shape)], dtype: 'f32' });
    const outputs = { g, dgamma, dbeta, factors };
    this.#nodes.push(nodeOf(place, conv2dBackwardInputThroughNorm, inputs, outputs, attrs));
    this.#incomplete.set(dx, { g, factors, x, mean: norm.mean });
  }

  /** Some channels of an incomplete gradient are one as well; false where a node does not take these. */
  slice(node: Node): boolean {
    const whole = is(node, sliceChannels) && this.#incomplete.get(node.inputs.x);
    if (!whole) return false;
    const { attrs } = node;
    const cut = (x: Value): Value => {
      const made = this.#make.node(node, sliceChannels, { x }, attrs);
      this.#nodes.push(made.node);
      return made.outputs.y;
    };
    const x = partOf(this.#made.get(whole.x), attrs) ?? cut(whole.x);
    const [g, factors, mean] = [cut(whole.g), cut(whole.factors), cut(whole.mean)];
    this.#incomplete.set(node.outputs.y, { g, factors, x, mean });
    return true;
  }

  /** Any other node reads complete gradients. */
  keep(node: Node): void {
    for (const input of inputsOf(node)) this.#complete(input, node);
    this.#nodes.push(node);
  }

  finish(): Graph {
    const end = this.#graph.nodes.at(-1) ?? { path: '' };
    for (const output of this.#graph.outputs) this.#complete(output, end);
    return { ...this.#graph, nodes: this.#nodes };
  }

  #complete(dx: Value, near: NodePlace): void {
    const parts = this.#incomplete.get(dx);
    if (!parts) return;
    this.#incomplete.delete(dx);
    const { g, x, mean, factors } = parts;
    this.#nodes.push(nodeOf(near, addNormCorrection, { g, x, mean, factors }, { dx }, {}));
  }
}

/** What a concatenation joined in exactly these channels. */
function partOf(
  node: Node | undefined,
  { start, channels }: SliceChannelsAttrs,
): Value | undefined {
  if (!is(node, concat)) return undefined;
  let first = 0;
  for (const part of node.inputs.parts) {
    if (first === start && channelsOf(part.shape) === channels) return part;
    first += channelsOf(part.shape);
  }
  return undefined;
}
