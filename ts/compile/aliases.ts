import { inputsOf, is, outputsOf, type Node, type Value } from '../core/graph.ts';
import { concat } from '../ops/concat.ts';
import { itemAt, pick } from '../ops/places.ts';
import { channelsOf, pixelsOf, sameShape, type Shape } from '../base/shape.ts';
import type { Part } from '../ops/op.ts';

/** A value that lies inside another. */
export interface Alias extends Part {
  readonly base: Value;
}

/**
 * Values that need no memory of their own. What a concatenation joins is written straight into the channels of its
 * result, so that a dense block's features grow in one buffer; channels or pixels cut out of a tensor are read where they lie; an op that may
 * work in place does so in channels of a wider tensor that nobody reads afterwards, as gradients of a dense block are added up.
 */
export function findAliases(nodes: readonly Node[], outputs: readonly Value[]): Map<Value, Alias> {
  const aliases = new Map<Value, Alias>();
  const kept = new Set(outputs);
  const made = new Set(nodes.flatMap(outputsOf));
  const dense = new Set(
    nodes.flatMap(({ op, inputs: from, outputs: to }) => [
      ...pick(from, op.denseInputs),
      ...pick(to, op.denseOutputs),
    ]),
  );
  const joined = new Set(nodes.flatMap((node) => (is(node, concat) ? node.inputs.parts : [])));
  const free = (value: Value): boolean =>
    made.has(value) &&
    value.dtype === 'f32' &&
    !kept.has(value) &&
    !aliases.has(value) &&
    !dense.has(value);
  for (const node of nodes) {
    if (is(node, concat)) {
      const { parts } = node.inputs;
      let channel = 0;
      for (const part of parts) {
        const once = parts.filter((other) => other === part).length === 1;
        if (free(part) && once) aliases.set(part, { base: node.outputs.y, pixel: 0, channel });
        channel += channelsOf(part.shape);
      }
    } else if (node.op.liesIn) {
      const [base] = inputsOf(node);
      const parts = node.op.liesIn(node.inputs, node.attrs);
      outputsOf(node).forEach((output, index) => {
        const part = parts[index];
        if (part && made.has(base!) && free(output)) aliases.set(output, { base: base!, ...part });
      });
    } else {
      for (const [from, to] of node.op.inPlace ?? []) {
        const input = itemAt(node.inputs, from);
        const result = itemAt(node.outputs, to);
        const alias = input && aliases.get(input);
        if (!alias || !result || joined.has(result) || kept.has(resolveAlias(aliases, input).base))
          continue;
        const fits = sameShape(input.shape, result.shape) && free(result);
        if (fits && !isReadLater(input, node, nodes, aliases)) aliases.set(result, alias);
      }
    }
  }
  return aliases;
}

/** Whether one of the elements of a part is read by this node in another place, or by a later one. */
function isReadLater(
  part: Value,
  node: Node,
  nodes: readonly Node[],
  aliases: ReadonlyMap<Value, Alias>,
): boolean {
  const own = resolveAlias(aliases, part);
  const overlaps = (value: Value): boolean => {
    const other = resolveAlias(aliases, value);
    const meets = (at: keyof Part, countOf: (shape: Shape) => number): boolean =>
      other[at] < own[at] + countOf(part.shape) && own[at] < other[at] + countOf(value.shape);
    return other.base === own.base && meets('pixel', pixelsOf) && meets('channel', channelsOf);
  };
  if (inputsOf(node).filter(overlaps).length > 1) return true;
  return nodes.slice(nodes.indexOf(node) + 1).some((later) => inputsOf(later).some(overlaps));
}

/** The value that has memory, and where in it the alias begins. */
export function resolveAlias(aliases: ReadonlyMap<Value, Alias>, value: Value): Alias {
  let [base, pixel, channel] = [value, 0, 0];
  for (let alias = aliases.get(base); alias; alias = aliases.get(base)) {
    base = alias.base;
    pixel += alias.pixel;
    channel += alias.channel;
  }
  return { base, pixel, channel };
}
