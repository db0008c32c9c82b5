import {
  inputsOf,
  outputsOf,
  writtenBy,
  type Graph,
  type Node,
  type Value,
} from '../core/graph.ts';

/** A graph cut in two: what depends on unchanging state alone, and the rest. */
export interface Split {
  /** Runs when a parameter has changed. */
  readonly prologue: readonly Node[];
  /** Runs each time. */
  readonly main: readonly Node[];
}

/** Finds the nodes that need not run each time: all their inputs are state that no node of the graph writes. */
export function splitConstants(graph: Graph): Split {
  const written = new Set(graph.nodes.flatMap(writtenBy));
  const constant = new Set<Value>();
  const isConstant = (value: Value): boolean =>
    constant.has(value) || (value.kind === 'state' && !written.has(value));
  const prologue: Node[] = [];
  const main: Node[] = [];
  for (const node of graph.nodes) {
    const read = inputsOf(node);
    const hoisted = node.op.mutates === undefined && read.length > 0 && read.every(isConstant);
    (hoisted ? prologue : main).push(node);
    if (hoisted) outputsOf(node).forEach((output) => constant.add(output));
  }
  return { prologue: soonest(prologue), main };
}

/** Nodes in an order in which what one makes is read as soon as it can be: folded weights do not wait to be packed. */
function soonest(nodes: readonly Node[]): Node[] {
  const made = new Map(nodes.flatMap((node) => outputsOf(node).map((value) => [value, node])));
  const ordered = new Set<Node>();
  const isReady = (node: Node): boolean =>
    inputsOf(node).every((value) => {
      const maker = made.get(value);
      return !maker || ordered.has(maker);
    });
  const follow = (node: Node): void => {
    if (ordered.has(node) || !isReady(node)) return;
    ordered.add(node);
    for (const reader of nodes) {
      if (inputsOf(reader).some((value) => made.get(value) === node)) follow(reader);
    }
  };
  nodes.forEach(follow);
  return [...ordered];
}
