import { inputsOf, outputsOf, type Graph, type Node, type Value } from '../core/graph.ts';
import type { Engine } from '../kernels/engine.ts';
import type { Buffer, Step } from '../kernels/step.ts';
import type { View } from '../ops/op.ts';
import { items, mapTree, pick } from '../ops/places.ts';
import { bytesOf, channelsOf } from '../base/shape.ts';
import type { Tensor } from '../core/tensor.ts';
import { findAliases, resolveAlias } from './aliases.ts';
import { mostAtOnce, scratchOf, type BytesByKind } from './bytesByKind.ts';
import { splitConstants } from './constants.ts';
import { describeConstants } from './describeConstants.ts';
import { assignStorages, type Storage } from './liveness.ts';
import { placeStorages } from './placeStorages.ts';

/** A node with the steps that compute it. */
export interface LoweredNode {
  readonly node: Node;
  readonly steps: readonly Step[];
  /** Deferred tensors that must be in the arena before it, and where. */
  readonly borrowed: readonly Borrowed[];
}

/** What the prologue makes for all runs. */
export interface Constant {
  readonly buffer: Buffer;
  /** The same for what is computed alike from the same tensors, in whatever plan of the engine. */
  readonly key: string;
  /** What it depends on. */
  readonly tensors: ReadonlySet<Tensor>;
  /** What computes it. */
  readonly nodes: ReadonlySet<LoweredNode>;
}

/** A deferred tensor and the memory that holds its values while the prologue needs them. */
export interface Borrowed {
  readonly tensor: Tensor;
  readonly buffer: Buffer;
  /** Whether its readers want it as PyTorch has it. */
  readonly outputsFirst: boolean;
}

/** Steps and memory of a graph; buffers get their addresses from the arena. */
export interface Lowered {
  readonly prologue: readonly LoweredNode[];
  readonly main: readonly LoweredNode[];
  /** Offsets of the values of a run. */
  readonly storages: ReadonlySet<Storage>;
  /** Bytes of the arena that holds them; the prologue, which runs before, has its own values there, too. */
  readonly arenaBytes: number;
  readonly bytes: BytesByKind;
  /** What the main part reads of the prologue. */
  readonly constants: readonly Constant[];
  viewOf(value: Value): View;
}

/** Turns nodes into kernel steps and plans where every value lies. */
export function lower(graph: Graph, engine: Engine): Lowered {
  const { prologue, main } = splitConstants(graph);
  for (const { op } of [...prologue, ...main]) op.expectKernels?.(engine);
  const aliases = findAliases(main, graph.outputs);
  const values = assignStorages(main, graph.inputs, graph.outputs, aliases);
  const activations = new Set(values.values());
  const read = new Set([...main.flatMap(inputsOf), ...graph.outputs]);
  const kept = prologue.flatMap(outputsOf).filter((output) => read.has(output));
  const constants = new Map(
    kept.map((value): [Value, Buffer] => [value, { bytes: bytesOf(value) }]),
  );
  const borrowed = borrowedBy(prologue, read);
  const turned = outputsFirstOf(prologue, borrowed);
  const transient = assignStorages(prologue, [], kept, new Map(), borrowed);
  for (const value of kept) transient.delete(value);
  const transientStorages = new Set(transient.values());

  const viewOf = (value: Value): View => {
    if (value.tensor && !borrowed.has(value)) return value.tensor.view;
    const { base, pixel, channel } = resolveAlias(aliases, value);
    const buffer = constants.get(base) ?? (values.get(base) ?? transient.get(base))!.buffer;
    const stride = channelsOf(base.shape);
    const pointer = { buffer, byteOffset: 4 * (pixel * stride + channel) };
    const { shape, dtype } = value;
    return { shape, dtype, pointer, stride, outputsFirst: turned.has(value) };
  };
  const lowerNode = (node: Node, workspace: (bytes: number) => Buffer): LoweredNode => {
    const steps: Step[] = [];
    node.op.lower(
      {
        winograd: engine.numerics === 'fast',
        step: (step) => steps.push(step),
        workspace: (bytes) => ({ buffer: workspace(bytes), byteOffset: 0 }),
      },
      mapTree(node.inputs, viewOf),
      mapTree(node.outputs, viewOf),
      node.attrs,
    );
    return { node, steps, borrowed: [] };
  };

  const workspaces = new Set<Storage>();
  const lowerAll = (nodes: readonly Node[], all: Set<Storage>): LoweredNode[] =>
    nodes.map((node, index) =>
      lowerNode(node, (bytes) => {
        const buffer = { bytes };
        all.add({ buffer, first: index, last: index, offset: 0 });
        return buffer;
      }),
    );
  const loweredMain = lowerAll(main, workspaces);
  const loweredPrologue = lowerAll(prologue, transientStorages).map((lowered) => ({
    ...lowered,
    borrowed: inputsOf(lowered.node)
      .filter((value) => borrowed.has(value))
      .map((value) => ({
        tensor: value.tensor!,
        buffer: transient.get(value)!.buffer,
        outputsFirst: turned.has(value),
      })),
  }));
  const storages = new Set([...activations, ...workspaces]);
  const arenaBytes = Math.max(placeStorages(storages), placeStorages(transientStorages));
  return {
    prologue: loweredPrologue,
    main: loweredMain,
    storages: new Set([...storages, ...transientStorages]),
    arenaBytes,
    bytes: {
      activations: mostAtOnce(activations),
      workspaces: mostAtOnce(workspaces),
      prologue: mostAtOnce(transientStorages),
      scratch: scratchOf([...loweredPrologue, ...loweredMain].flatMap(({ steps }) => steps)),
    },
    constants: describeConstants(loweredPrologue, constants, viewOf),
    viewOf,
  };
}

/**
 * Deferred tensors that the prologue alone reads. They are in the arena while its nodes need them: layer by layer, so that
 * they never lie there all at once.
 */
function borrowedBy(prologue: readonly Node[], others: ReadonlySet<Value>): Set<Value> {
  const inputs = prologue.flatMap(inputsOf);
  return new Set(inputs.filter((value) => value.tensor?.deferred && !others.has(value)));
}

/** Those of them that lie in their files as PyTorch has them, if all that read them can read them so. */
function outputsFirstOf(
  prologue: readonly Node[],
  borrowed: ReadonlySet<Value>,
): ReadonlySet<Value> {
  const found = new Set([...borrowed].filter(({ tensor }) => tensor?.outputsFirst));
  for (const { op, inputs } of prologue) {
    const able = new Set(pick(inputs, op.outputsFirst));
    for (const value of items(inputs)) if (!able.has(value)) found.delete(value);
  }
  return found;
}
