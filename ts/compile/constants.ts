import type { Graph, Node, Value } from '../core/graph.ts';

/** A graph cut in two: what depends on unchanging state alone, and the rest. */
export interface Split {
  /** Runs when a parameter has changed. */
  readonly prologue: readonly Node[];
  /** Runs each time. */
  readonly main: readonly Node[];
}

/** Finds the nodes that need not run each time: all their inputs are state that no node of the graph writes. */
export function splitConstants(graph: Graph): Split {
  const written = new Set<Value>();
  for (const node of graph.nodes)
    for (const index of node.op.mutates ?? []) written.add(node.inputs[index]!);
  const constant = new Set<Value>();
  const isConstant = (value: Value): boolean =>
    constant.has(value) || (value.kind === 'state' && !written.has(value));
  const prologue: Node[] = [];
  const main: Node[] = [];
  for (const node of graph.nodes) {
    const hoisted =
      node.op.mutates === undefined && node.inputs.length > 0 && node.inputs.every(isConstant);
    (hoisted ? prologue : main).push(node);
    if (hoisted) node.outputs.forEach((output) => constant.add(output));
  }
  return { prologue: soonest(prologue), main };
}

/** Nodes in an order in which what one makes is read as soon as it can be: folded weights do not wait to be packed. */
function soonest(nodes: readonly Node[]): Node[] {
  const made = new Map(nodes.flatMap((node) => node.outputs.map((value) => [value, node])));
  const ordered = new Set<Node>();
  const isReady = ({ inputs }: Node): boolean =>
    inputs.every((value) => !made.has(value) || ordered.has(made.get(value)!));
  const follow = (node: Node): void => {
    if (ordered.has(node) || !isReady(node)) return;
    ordered.add(node);
    for (const reader of nodes) {
      if (reader.inputs.some((value) => made.get(value) === node)) follow(reader);
    }
  };
  nodes.forEach(follow);
  return [...ordered];
}
