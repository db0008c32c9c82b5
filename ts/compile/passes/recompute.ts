import type { Graph, Node, Region, Value } from '../../core/graph.ts';
import type { Apply } from '../../ops/op.ts';
import { recomputable } from '../recomputable.ts';
import { newIds } from '../rewrite.ts';

/**
 * Computes values again where gradients need them, right before the first node that does, instead of keeping them from
 * the forward pass (Chen et al. 2016, arXiv:1604.06174). `dropped` are the inner values of regions by default; what
 * cannot be computed again (statistics, masks of dropout) is kept.
 */
export function recompute(graph: Graph, dropped: ReadonlySet<Value> = innerValues(graph)): Graph {
  if (dropped.size === 0) return graph;
  const copies = new Copies(graph, dropped);
  const nodes = graph.nodes.flatMap((node) => {
    if (!node.backward) return [node];
    const inputs = node.inputs.map((input) => copies.of(input));
    const changed = inputs.some((input, index) => input !== node.inputs[index]);
    return [...copies.take(), changed ? { ...node, inputs } : node];
  });
  return { ...graph, nodes };
}

/** Values inside the graph's regions that can be computed again and are not what a region gives to the rest. */
export function innerValues(graph: Graph): Set<Value> {
  if (!graph.nodes.some((node) => node.region)) return new Set();
  const makers = recomputable(graph);
  const results = new Set(
    graph.nodes.flatMap(({ region }): Region['results'] => region?.results ?? []),
  );
  return new Set(
    [...makers].flatMap(([value, { region }]) => (region && !results.has(value) ? [value] : [])),
  );
}

/** Second computations of dropped values, each made once. */
class Copies {
  readonly #dropped: ReadonlySet<Value>;
  readonly #makers: ReadonlyMap<Value, Node>;
  readonly #copies = new Map<Value, Value>();
  readonly #newId: () => number;
  #nodes: Node[] = [];

  constructor(graph: Graph, dropped: ReadonlySet<Value>) {
    this.#dropped = dropped;
    this.#makers = recomputable(graph);
    this.#newId = newIds(graph);
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
    return this.#copies.get(value)!;
  }

  #compute({ op, inputs: originals, outputs, attrs, path }: Node): void {
    const inputs = originals.map((input) => this.of(input));
    const apply: Apply<Value> = (other, itsInputs, itsAttrs) => {
      const specs = other.infer(itsInputs, itsAttrs);
      const made = specs.map((spec): Value => ({ id: this.#newId(), kind: 'temporary', ...spec }));
      const node = { op: other, inputs: itsInputs, outputs: made, attrs: itsAttrs, path };
      this.#nodes.push({ ...node, backward: true, recomputed: true });
      return made;
    };
    const made = op.recompute
      ? [op.recompute(apply, { inputs, outputs, attrs })]
      : apply(op, inputs, attrs);
    made.forEach((copy, index) => this.#copies.set(outputs[index]!, copy));
  }
}
