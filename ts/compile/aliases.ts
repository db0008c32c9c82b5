import type { Node, Value } from '../core/graph.ts';
import { concat } from '../ops/concat.ts';
import type { Op } from '../ops/op.ts';
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
  const made = new Set(nodes.flatMap((node) => node.outputs));
  const dense = new Set(
    nodes.flatMap(({ op, inputs: from, outputs: to }) => [
      ...(op.denseInputs ?? []).map((index) => from[index]),
      ...(op.denseOutputs ?? []).map((index) => to[index]),
    ]),
  );
  const joined = new Set(nodes.flatMap(({ op, inputs }) => (op === (concat as Op) ? inputs : [])));
  const free = (value: Value): boolean =>
    made.has(value) &&
    value.dtype === 'f32' &&
    !kept.has(value) &&
    !aliases.has(value) &&
    !dense.has(value);
  for (const node of nodes) {
    const [output] = node.outputs;
    if (node.op === (concat as Op)) {
      let channel = 0;
      for (const input of node.inputs) {
        const once = node.inputs.filter((other) => other === input).length === 1;
        if (free(input) && once) aliases.set(input, { base: output!, channel });
        channel += channelsOf(input.shape);
      }
    } else if (node.op === (sliceChannels as Op) && free(output!)) {
      const { start } = node.attrs as { start: number };
      if (made.has(node.inputs[0]!))
        aliases.set(output!, { base: node.inputs[0]!, channel: start });
    } else {
      for (const [index, at] of node.op.inPlace ?? []) {
        const [input, result] = [node.inputs[index], node.outputs[at]!];
        const alias = input && aliases.get(input);
        if (!alias || joined.has(result) || kept.has(resolveAlias(aliases, input).base)) continue;
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
  if (node.inputs.filter(overlaps).length > 1) return true;
  return nodes.slice(nodes.indexOf(node) + 1).some(({ inputs }) => inputs.some(overlaps));
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
