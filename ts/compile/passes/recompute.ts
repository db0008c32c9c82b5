import type { Graph, Node, Region, Value } from '../../graph.ts';
import type { Apply } from '../../ops/op.ts';
import { newIds } from '../rewrite.ts';

/**
 * Computes inner values of regions again where gradients need them, instead of keeping them from the forward pass: right
 * before the first node that reads one. What cannot be computed again (statistics, masks of dropout) is kept.
 */
export function recompute(graph: Graph): Graph {
  const regions = new Map<Region, Node[]>();
  for (const node of graph.nodes) {
    if (!node.region) continue;
    const nodes = regions.get(node.region) ?? [];
    regions.set(node.region, [...nodes, node]);
  }
  if (regions.size === 0) return graph;
  const newId = newIds(graph);
  const before = new Map<Node, Node[]>();
  const replaced = new Map<Node, Map<Value, Value>>();
  for (const [region, nodes] of regions) {
    const inside = new Set(nodes);
    const readers = readersOf(graph, inside, innerValues(graph, region, nodes));
    const [first] = readers.keys();
    if (!first) continue;
    const copies = new Copies(nodes, newId);
    for (const [reader, values] of readers) {
      replaced.set(
        reader,
        new Map([
          ...(replaced.get(reader) ?? []),
          ...values.map((value) => [value, copies.of(value)] as const),
        ]),
      );
    }
    before.set(first, [...(before.get(first) ?? []), ...copies.nodes]);
  }
  const nodes = graph.nodes.flatMap((node) => {
    const changed = replaced.get(node);
    const inputs = changed ? node.inputs.map((input) => changed.get(input) ?? input) : node.inputs;
    return [...(before.get(node) ?? []), changed ? { ...node, inputs } : node];
  });
  return { ...graph, nodes };
}

/** Values of a region that can be computed again and that nothing else is promised. */
function innerValues(graph: Graph, { results }: Region, nodes: readonly Node[]): Set<Value> {
  const kept = new Set<unknown>([...results, ...graph.outputs]);
  const made = nodes.filter(({ op }) => op.recompute).map(({ outputs: [output] }) => output!);
  return new Set(made.filter((value) => !kept.has(value)));
}

/** Nodes outside that read inner values, in order. */
function readersOf(
  graph: Graph,
  inside: ReadonlySet<Node>,
  inner: ReadonlySet<Value>,
): Map<Node, Value[]> {
  const readers = new Map<Node, Value[]>();
  for (const node of graph.nodes) {
    if (inside.has(node)) continue;
    const values = node.inputs.filter((input) => inner.has(input));
    if (values.length > 0) readers.set(node, values);
  }
  return readers;
}

/** Second computations of a region's values, each made once, and of those that they need. */
class Copies {
  readonly nodes: Node[] = [];
  readonly #makers: ReadonlyMap<Value, Node>;
  readonly #copies = new Map<Value, Value>();
  readonly #newId: () => number;

  constructor(nodes: readonly Node[], newId: () => number) {
    const recomputable = nodes.filter(({ op }) => op.recompute);
    this.#makers = new Map(recomputable.map((node) => [node.outputs[0]!, node]));
    this.#newId = newId;
  }

  of(value: Value): Value {
    const maker = this.#makers.get(value);
    if (!maker) return value;
    const known = this.#copies.get(value);
    if (known) return known;
    const { op, outputs, attrs, path } = maker;
    const inputs = maker.inputs.map((input) => this.of(input));
    const apply: Apply<Value> = (other, itsInputs, itsAttrs) => {
      const specs = other.infer(itsInputs, itsAttrs);
      const made = specs.map((spec): Value => ({ id: this.#newId(), kind: 'temporary', ...spec }));
      this.nodes.push({ op: other, inputs: itsInputs, outputs: made, attrs: itsAttrs, path });
      return made;
    };
    const copy = op.recompute!(apply, { inputs, outputs, attrs });
    this.#copies.set(value, copy);
    return copy;
  }
}
