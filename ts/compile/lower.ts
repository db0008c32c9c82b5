import type { Graph, Node, Value } from '../graph.ts';
import type { Engine } from '../kernels/engine.ts';
import type { Buffer, Step } from '../kernels/step.ts';
import type { View } from '../ops/op.ts';
import { bytesOf, channelsOf } from '../shape.ts';
import { findAliases, resolveAlias } from './aliases.ts';
import { splitConstants } from './constants.ts';
import { assignStorages, type Storage } from './liveness.ts';
import { placeStorages } from './placeStorages.ts';

/** A node with the steps that compute it. */
export interface LoweredNode {
  readonly node: Node;
  readonly steps: readonly Step[];
}

/** Steps and memory of a graph; buffers get their addresses from the arena. */
export interface Lowered {
  readonly prologue: readonly LoweredNode[];
  readonly main: readonly LoweredNode[];
  /** Offsets of the values of a run. */
  readonly storages: ReadonlySet<Storage>;
  /** Bytes of the arena that holds them; the prologue, which runs before, has its own values there, too. */
  readonly arenaBytes: number;
  /** Buffers that the prologue fills for all runs: what the main part reads of it. */
  readonly constants: readonly Buffer[];
  viewOf(value: Value): View;
}

/** Turns nodes into kernel steps and plans where every value lies. */
export function lower(graph: Graph, engine: Engine): Lowered {
  const { prologue, main } = splitConstants(graph);
  const aliases = findAliases(main, graph.outputs);
  const values = assignStorages(main, graph.inputs, graph.outputs, aliases);
  const storages = new Set(values.values());
  const read = new Set([...main.flatMap((node) => node.inputs), ...graph.outputs]);
  const kept = prologue.flatMap((node) => node.outputs).filter((output) => read.has(output));
  const constants = new Map(
    kept.map((value): [Value, Buffer] => [value, { bytes: bytesOf(value) }]),
  );
  const passing = assignStorages(prologue, [], kept, new Map());
  for (const value of kept) passing.delete(value);
  const passingStorages = new Set(passing.values());

  const viewOf = (value: Value): View => {
    if (value.tensor) return value.tensor.view;
    const { base, channel } = resolveAlias(aliases, value);
    const buffer = constants.get(base) ?? (values.get(base) ?? passing.get(base))!.buffer;
    const pointer = { buffer, byteOffset: 4 * channel };
    return { shape: value.shape, dtype: value.dtype, pointer, stride: channelsOf(base.shape) };
  };
  const lowerNode = (node: Node, workspace: (bytes: number) => Buffer): LoweredNode => {
    const steps: Step[] = [];
    node.op.lower(
      {
        winograd: engine.numerics === 'fast',
        step: (step) => steps.push(step),
        workspace: (bytes) => ({ buffer: workspace(bytes), byteOffset: 0 }),
      },
      node.inputs.map(viewOf),
      node.outputs.map(viewOf),
      node.attrs,
    );
    return { node, steps };
  };

  const lowerAll = (nodes: readonly Node[], all: Set<Storage>): LoweredNode[] =>
    nodes.map((node, index) =>
      lowerNode(node, (bytes) => {
        const buffer = { bytes };
        all.add({ buffer, first: index, last: index, offset: 0 });
        return buffer;
      }),
    );
  const loweredMain = lowerAll(main, storages);
  const loweredPrologue = lowerAll(prologue, passingStorages);
  const arenaBytes = Math.max(placeStorages(storages), placeStorages(passingStorages));
  return {
    prologue: loweredPrologue,
    main: loweredMain,
    storages: new Set([...storages, ...passingStorages]),
    arenaBytes,
    constants: [...constants.values()],
    viewOf,
  };
}
