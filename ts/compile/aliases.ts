import { inputsOf, is, outputsOf, type Node, type Value } from '../core/graph.ts';
import { concat } from '../ops/concat.ts';
import { itemAt, pick } from '../ops/places.ts';
import { sliceChannels } from '../ops/sliceChannels.ts';
import { channelsOf, sameShape } from '../base/shape.ts';

/** A value that lies inside another: some of its channels, pixel by pixel. */
export interface Alias {
  readonly base: Value;
  /** Its first channel in the base. */
  readonly channel: number;
}

/**
 * Values that need no memory of their own. What a concatenation joins is written straight into the channels of its
 * result, so that a dense block's features grow in one buffer; what is cut out of a tensor is read where it lies; an op that may
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
        if (free(part) && once) aliases.set(part, { base: node.outputs.y, channel });
        channel += channelsOf(part.shape);
      }
    } else if (is(node, sliceChannels) && free(node.outputs.y)) {
      const { x } = node.inputs;
      if (made.has(x)) aliases.set(node.outputs.y, { base: x, channel: node.attrs.start });
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

/** Whether one of the channels of a part is read by this node in another place, or by a later one. */
function isReadLater(
  part: Value,
  node: Node,
  nodes: readonly Node[],
  aliases: ReadonlyMap<Value, Alias>,
): boolean {
  const { base, channel } = resolveAlias(aliases, part);
  const end = channel + channelsOf(part.shape);
  const overlaps = (value: Value): boolean => {
    const other = resolveAlias(aliases, value);
    const before = other.channel + channelsOf(value.shape) <= channel;
    return other.base === base && !before && other.channel < end;
  };
  if (inputsOf(node).filter(overlaps).length > 1) return true;
  return nodes.slice(nodes.indexOf(node) + 1).some((later) => inputsOf(later).some(overlaps));
}

/** The value that has memory, and where in its channels the alias begins. */
export function resolveAlias(aliases: ReadonlyMap<Value, Alias>, value: Value): Alias {
  let [base, channel] = [value, 0];
  for (let alias = aliases.get(base); alias; alias = aliases.get(base)) {
    base = alias.base;
    channel += alias.channel;
  }
  return { base, channel };
}
