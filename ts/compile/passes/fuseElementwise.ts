/*
 * Makes one op of elementwise ops that follow each other, however they were written.
 * Those of which one is a map are asked whether they can be one. What several maps read is computed in each of them, where it is cheap.
 *
 * before   h = multiply(a: x, b: gate)
 *          y = silu(h)
 * after    y = multiply, silu(x, gate)
 * when     training and inference; nothing but elementwise ops of its size reads h
 * bits     same
 */
import { inputsOf, outputsOf, type Graph, type Node, type Value } from '../../core/graph.ts';
import { mapTree } from '../../ops/places.ts';
import { isWrittenBetween, producers } from '../rewrite.ts';

export function fuseElementwise(graph: Graph): Graph {
  if (!graph.nodes.some(({ op }) => op.join)) return graph;
  const kept = new Set(graph.outputs);
  const made = producers(graph);
  let nodes = [...graph.nodes];
  const readersOf = (value: Value): Node[] =>
    nodes.filter((node) => inputsOf(node).includes(value));

  /** What the readers of h become without it, if all of them can. */
  const without = (h: Value, producer: Node): Map<Node, Node> | undefined => {
    const joined = new Map<Node, Node>();
    const readers = readersOf(h);
    for (const reader of readers) {
      const join = reader.op.join ?? producer.op.join;
      if (reader.region !== producer.region || isWrittenBetween(nodes, producer, reader))
        return undefined;
      const one = join?.(reader, h, producer, readers.length > 1);
      if (!one) return undefined;
      const [result] = outputsOf(reader);
      // The joined op may call what it makes by another name than the reader did.
      const outputs = mapTree(one.op.infer(one.inputs, one.attrs), () => result!);
      joined.set(reader, { ...reader, ...one, outputs });
    }
    return joined;
  };

  for (const original of graph.nodes) {
    for (const h of outputsOf(original)) {
      const producer = made.get(h)!;
      if (kept.has(h) || outputsOf(producer).length > 1 || producer.op.mutates) continue;
      const joined = without(h, producer);
      if (!joined?.size) continue;
      nodes = nodes.flatMap((node) => (node === producer ? [] : [joined.get(node) ?? node]));
      for (const node of joined.values())
        for (const output of outputsOf(node)) made.set(output, node);
    }
  }
  return { ...graph, nodes };
}
