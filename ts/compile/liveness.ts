import type { Node, Value } from '../graph.ts';
import type { Buffer } from '../kernels/step.ts';
import { bytesOf } from '../shape.ts';

/** A piece of the arena and the nodes (by index) between which it is in use. */
export interface Storage {
  readonly buffer: Buffer;
  readonly first: number;
  last: number;
  offset: number;
}

/** Storage of each value that a run makes, shared where an op may work in place. */
export function assignStorages(
  nodes: readonly Node[],
  inputs: readonly Value[],
  outputs: readonly Value[],
): Map<Value, Storage> {
  const lastUse = new Map<Value, number>();
  nodes.forEach((node, index) => node.inputs.forEach((input) => lastUse.set(input, index)));
  for (const output of outputs) lastUse.set(output, nodes.length);

  const storages = new Map<Value, Storage>();
  const open = (value: Value, first: number): void => {
    const buffer = { bytes: bytesOf(value) };
    storages.set(value, { buffer, first, last: Math.max(first, lastUse.get(value) ?? first), offset: 0 });
  };
  for (const input of inputs) open(input, -1);
  nodes.forEach((node, index) => {
    const taken = new Set<Storage>();
    node.outputs.forEach((output, position) => {
      const shared = (node.op.inPlace ?? [])
        .filter(([, out]) => out === position)
        .map(([input]) => node.inputs[input]!)
        .find((input) => {
          const storage = storages.get(input);
          if (!storage || input.kind !== 'temporary' || storage.last !== index || taken.has(storage)) return false;
          const once = node.inputs.filter((other) => storages.get(other) === storage).length === 1;
          return once && storage.buffer.bytes === bytesOf(output);
        });
      if (!shared) return open(output, index);
      const storage = storages.get(shared)!;
      taken.add(storage);
      storage.last = Math.max(index, lastUse.get(output) ?? index);
      storages.set(output, storage);
    });
  });
  return storages;
}
