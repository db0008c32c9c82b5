import {
  inputsOf,
  outputsOf,
  writtenBy,
  type Graph,
  type Node,
  type Value,
} from '../core/graph.ts';

/**
 * Values that gradients can have computed again, by the node that makes them: all outputs of ops without effects, the
 * first of those that say how. Not what the graph gives out, nor what was made from state that is written before the last
 * gradient is taken.
 */
export function recomputable({ nodes, outputs }: Graph): Map<Value, Node> {
  const makers = new Map<Value, Node>();
  const kept = new Set(outputs);
  const written = new Set<Value>();
  const end = nodes.findLastIndex((node) => node.backward);
  for (const node of nodes.slice(0, end + 1).reverse()) {
    const { op } = node;
    const known = !inputsOf(node).some((input) => written.has(input));
    for (const value of writtenBy(node)) written.add(value);
    const made = outputsOf(node);
    const again = op.recompute ? made.slice(0, 1) : op.mutates ? [] : made;
    if (node.backward || !(known || op.recompute)) continue;
    for (const value of again) if (!kept.has(value)) makers.set(value, node);
  }
  return makers;
}
