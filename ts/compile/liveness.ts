import { inputsOf, outputsOf, type Node, type Value } from '../core/graph.ts';
import type { Buffer } from '../kernels/step.ts';
import { bytesOf } from '../base/shape.ts';
import { itemAt } from '../ops/places.ts';
import { resolveAlias, type Alias } from './aliases.ts';

/** A piece of the arena and the nodes (by index) between which it is in use. */
export interface Storage {
  readonly buffer: Buffer;
  first: number;
  last: number;
  offset: number;
}

/**
 * Storage of each value that a run makes: of its own, shared with an input where an op may work in place, or that of
 * the value it is a part of. Values that are `borrowed` have storage from the first node that reads them to the last.
 */
export function assignStorages(
  nodes: readonly Node[],
  inputs: readonly Value[],
  outputs: readonly Value[],
  aliases: ReadonlyMap<Value, Alias>,
  borrowed: ReadonlySet<Value> = new Set(),
): Map<Value, Storage> {
  const baseOf = (value: Value): Value => resolveAlias(aliases, value).base;
  const lastUse = new Map<Value, number>();
  nodes.forEach((node, index) =>
    inputsOf(node).forEach((input) => lastUse.set(baseOf(input), index)),
  );
  for (const output of outputs) lastUse.set(baseOf(output), nodes.length);
  const parts = new Set([...aliases].flatMap(([value]) => [value, baseOf(value)]));

  const storages = new Map<Value, Storage>();
  const open = (value: Value, first: number): void => {
    const base = baseOf(value);
    let storage = storages.get(base);
    if (!storage) {
      storage = {
        buffer: { bytes: bytesOf(base) },
        first,
        last: lastUse.get(base) ?? first,
        offset: 0,
      };
      storages.set(base, storage);
    }
    storage.last = Math.max(storage.last, first);
    storages.set(value, storage);
  };
  for (const input of inputs) open(input, -1);
  nodes.forEach((node, index) => {
    for (const value of inputsOf(node)) if (borrowed.has(value)) open(value, index);
    const taken = new Set<Storage>();
    const reusable = (input: Value, output: Value): boolean => {
      const storage = storages.get(input);
      if (!storage || input.kind === 'input' || parts.has(input) || parts.has(output)) return false;
      const once = inputsOf(node).filter((other) => storages.get(other) === storage).length === 1;
      return (
        once &&
        storage.last === index &&
        !taken.has(storage) &&
        storage.buffer.bytes === bytesOf(output)
      );
    };
    outputsOf(node).forEach((output) => {
      const storage = (node.op.inPlace ?? [])
        .filter(([, to]) => itemAt(node.outputs, to) === output)
        .map(([from]) => itemAt(node.inputs, from))
        .filter((input) => input !== undefined && reusable(input, output))
        .map((input) => input && storages.get(input))[0];
      if (!storage) return open(output, index);
      taken.add(storage);
      storage.last = Math.max(index, lastUse.get(output) ?? index);
      storages.set(output, storage);
    });
  });
  return storages;
}
