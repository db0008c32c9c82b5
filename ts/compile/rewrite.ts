import {
  inputsOf,
  is,
  outputsOf,
  type Graph,
  type Node,
  type NodePlace,
  type Value,
  writtenBy,
} from '../core/graph.ts';
import { concat } from '../ops/concat.ts';
import type { AnyOp, Op } from '../ops/op.ts';
import { mapTree, type Of, type Tree } from '../ops/places.ts';
import type { Spec } from '../base/shape.ts';

/** How often each value is read, graph outputs included. */
export function countUses(graph: Graph): Map<Value, number> {
  const uses = new Map<Value, number>();
  const use = (value: Value): void => void uses.set(value, (uses.get(value) ?? 0) + 1);
  for (const node of graph.nodes) inputsOf(node).forEach(use);
  graph.outputs.forEach(use);
  return uses;
}

/** The node that makes each temporary. */
export function producers(graph: Graph): Map<Value, Node> {
  const made = new Map<Value, Node>();
  for (const node of graph.nodes) for (const output of outputsOf(node)) made.set(output, node);
  return made;
}

/** Values that a concatenation makes or joins: channels that several layers of a dense block read. */
export function joinedValues({ nodes }: Graph): Set<Value> {
  const joins = nodes.filter((node) => is(node, concat));
  return new Set(joins.flatMap((node) => [...inputsOf(node), ...outputsOf(node)]));
}

/** Whether what a node reads is written before another one that comes later. */
export function isWrittenBetween(nodes: readonly Node[], earlier: Node, later: Node): boolean {
  const read = new Set(inputsOf(earlier));
  return nodes
    .slice(nodes.indexOf(earlier), nodes.indexOf(later))
    .some((node) => writtenBy(node).some((value) => read.has(value)));
}

/** The graph with some nodes replaced (by one or several) or removed (by none), in their places. */
export function replaceNodes(graph: Graph, changes: ReadonlyMap<Node, readonly Node[]>): Graph {
  if (changes.size === 0) return graph;
  return { ...graph, nodes: graph.nodes.flatMap((node) => changes.get(node) ?? [node]) };
}

/** A node whose op can apply a ReLU to its first output. */
export interface ClippingNode extends Node {
  readonly attrs: { readonly relu: boolean };
}

/** Whether the ReLU that follows a node can become its setting. */
export const canClip = (node: Node | undefined): node is ClippingNode =>
  node?.op.fuses?.relu === true;

/** The same node with its first output under another name. */
export function givingFirst(node: Node, value: Value): Node {
  const [first] = outputsOf(node);
  return { ...node, outputs: mapTree(node.outputs, (own) => (own === first ? value : own)) };
}

/** A node, and what it makes. */
export interface Made<O> {
  readonly node: Node;
  readonly outputs: Of<O, Value>;
}

/** Makes values and nodes that a graph does not have yet. */
export class Maker {
  #nextId: number;

  constructor({ inputs, nodes, outputs }: Graph) {
    const inner = nodes.flatMap((node) => [...inputsOf(node), ...outputsOf(node)]);
    const values = [...inputs, ...outputs, ...inner];
    this.#nextId = values.reduce((most, value) => Math.max(most, value.id), 0) + 1;
  }

  value({ shape, dtype }: Spec): Value {
    return { id: this.#nextId++, kind: 'temporary', shape, dtype };
  }

  /** A node that applies an op, with new values for its outputs; `near` says where. */
  node<I, O, A>(near: NodePlace, op: Op<I, O, A>, inputs: Of<I, Value>, attrs: A): Made<O> {
    const node = this.anyNode(near, op as AnyOp, inputs as Tree<Value>, attrs);
    return { node, outputs: node.outputs as Of<O, Value> };
  }

  /** The same for an op of which nothing is known. */
  anyNode(near: NodePlace, op: AnyOp, inputs: Tree<Value>, attrs: unknown): Node {
    const outputs = mapTree(op.infer(inputs, attrs), (spec) => this.value(spec));
    return { ...near, op, inputs, outputs, attrs };
  }
}
