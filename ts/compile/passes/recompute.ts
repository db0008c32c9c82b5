/*
 * Computes values again right before the first gradient that reads them, instead of keeping them from the forward pass.
 * Statistics and masks of dropout are kept: they are never made twice. Source: Chen et al. 2016, arXiv:1604.06174.
 *
 * before   h = relu(x)
 *          y = conv2d(x: h, w)
 *          dw = conv2dBackwardWeight(x: h, dy)
 * after    h = relu(x)
 *          y = conv2d(x: h, w)
 *          g = relu(x) again
 *          dw = conv2dBackwardWeight(x: g, dy)
 * when     training; h is an inner value of a region, or one that a memory budget does not keep
 * bits     same
 */
import { inputsOf, outputsOf, type Graph, type Node, type Value } from '../../core/graph.ts';
import type { Apply } from '../../ops/op.ts';
import { items, mapTree } from '../../ops/places.ts';
import { recomputable } from '../recomputable.ts';
import { Maker } from '../rewrite.ts';

export function recompute(graph: Graph, dropped: ReadonlySet<Value> = innerValues(graph)): Graph {
  if (dropped.size === 0) return graph;
  const copies = new Copies(graph, dropped);
  const nodes = graph.nodes.flatMap((node) => {
    if (!node.backward) return [node];
    const inputs = mapTree(node.inputs, (input) => copies.of(input));
    const changed = inputsOf(node).some((input) => copies.of(input) !== input);
    return [...copies.take(), changed ? { ...node, inputs } : node];
  });
  return { ...graph, nodes };
}

/** Values inside the graph's regions that can be computed again and are not what a region gives to the rest. */
export function innerValues(graph: Graph): Set<Value> {
  if (!graph.nodes.some((node) => node.region)) return new Set();
  const makers = recomputable(graph);
  const results = new Set(graph.nodes.flatMap(({ region }) => region?.results ?? []));
  return new Set(
    [...makers].flatMap(([value, { region }]) => (region && !results.has(value) ? [value] : [])),
  );
}

/** Second computations of dropped values, each made once. */
class Copies {
  readonly #dropped: ReadonlySet<Value>;
  readonly #makers: ReadonlyMap<Value, Node>;
  readonly #copies = new Map<Value, Value>();
  readonly #make: Maker;
  #nodes: Node[] = [];

  constructor(graph: Graph, dropped: ReadonlySet<Value>) {
    this.#dropped = dropped;
    this.#makers = recomputable(graph);
    this.#make = new Maker(graph);
  }

  /** Nodes made since the last call. */
  take(): Node[] {
    const nodes = this.#nodes;
    this.#nodes = [];
    return nodes;
  }

  /** What stands for a value after the forward pass: itself unless it was dropped. */
  of(value: Value): Value {
    const maker = this.#dropped.has(value) ? this.#makers.get(value) : undefined;
    if (!maker) return value;
    if (!this.#copies.has(value)) this.#compute(maker);
    return this.#copies.get(value) ?? value;
  }

  #compute({ op, inputs: originals, outputs, attrs, path }: Node): void {
    const place = { path, backward: true, recomputed: true } as const;
    const inputs = mapTree(originals, (input) => this.of(input));
    const apply: Apply<Value> = (other, itsInputs, itsAttrs) => {
      const made = this.#make.node(place, other, itsInputs, itsAttrs);
      this.#nodes.push(made.node);
      return made.outputs;
    };
    if (op.recompute) {
      this.#note(outputs, [op.recompute(apply, { inputs, outputs, attrs })]);
    } else {
      const node = this.#make.anyNode(place, op, inputs, attrs);
      this.#nodes.push(node);
      this.#note(outputs, outputsOf(node));
    }
  }

  /** Copies stand for values in their order. */
  #note(outputs: Node['outputs'], copies: readonly Value[]): void {
    const originals = items(outputs);
    copies.forEach((copy, index) => this.#copies.set(originals[index]!, copy));
  }
}
