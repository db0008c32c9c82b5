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
  /** Bytes of the arena that holds them. */
  readonly arenaBytes: number;
  /** Buffers that the prologue fills for all runs. */
  readonly constants: readonly Buffer[];
  viewOf(value: Value): View;
}

/** Turns nodes into kernel steps and plans where every value lies. */
export function lower(graph: Graph, engine: Engine): Lowered {
  const { prologue, main } = splitConstants(graph);
  const aliases = findAliases(main, graph.outputs);
  const values = assignStorages(main, graph.inputs, graph.outputs, aliases);
  const storages = new Set(values.values());
  const constants = new Map<Value, Buffer>();
  for (const node of prologue) {
    for (const output of node.outputs) constants.set(output, { bytes: bytesOf(output) });
  }

  const viewOf = (value: Value): View => {
    if (value.tensor) return value.tensor.view;
    const { base, channel } = resolveAlias(aliases, value);
    const buffer = constants.get(base) ?? values.get(base)!.buffer;
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

  const loweredMain = main.map((node, index) =>
    lowerNode(node, (bytes) => {
      const buffer = { bytes };
      storages.add({ buffer, first: index, last: index, offset: 0 });
      return buffer;
    }),
  );
  const scratch: Buffer[] = [];
  const loweredPrologue = prologue.map((node) =>
    lowerNode(node, (bytes) => {
      const buffer = { bytes };
      scratch.push(buffer);
      return buffer;
    }),
  );
  return {
    prologue: loweredPrologue,
    main: loweredMain,
    storages,
    arenaBytes: placeStorages(storages),
    constants: [...constants.values(), ...scratch],
    viewOf,
  };
}
