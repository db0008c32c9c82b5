import { NonFiniteError, OutOfMemoryError } from '../base/errors.ts';
import { inputsOf, is, writtenBy, type Graph, type Node, type Value } from '../core/graph.ts';
import type { ArenaUse } from '../kernels/arena.ts';
import type { Engine, WrittenPlan } from '../kernels/engine.ts';
import type { Buffer, Pointer } from '../kernels/step.ts';
import { after } from '../ops/args.ts';
import { guardFinite } from '../ops/guardFinite.ts';
import { entries } from '../ops/places.ts';
import { bytesOf, channelsOf, formatShape, pixelsOf, sizeOf } from '../base/shape.ts';
import type { Tensor } from '../core/tensor.ts';
import { describeNode } from './capture.ts';
import { holdConstant, leaveConstant, type HeldConstant } from './heldConstants.ts';
import type { Constant, Lowered } from './lower.ts';
import { explainMemory } from './explainMemory.ts';
import { printPlan } from './printPlan.ts';
import { runPrologue } from './runPrologue.ts';

/** Values of a tensor outside WASM memory. */
export type Values = Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer>;

/** A computation in WASM memory: one call runs all of it, with nothing allocated. */
export class Plan implements Disposable {
  readonly engine: Engine;
  readonly graph: Graph;
  readonly lowered: Lowered;
  /** Bytes of activations, gradients and workspaces at the highest point of a run; known before the first. */
  readonly peakBytes: number;
  /** Bytes of parameters, statistics and optimizer state that the plan works on. */
  readonly stateBytes: number;
  /** Bytes of folded and packed weights that it reads; plans that read them alike share them. */
  readonly constantBytes: number;
  readonly #states: readonly Tensor[];
  /** Those that the prologue reads. */
  readonly #folded: readonly Tensor[];
  readonly #mutated: readonly Tensor[];
  /** Nodes up to the last guard, when there is one: what may have run when it ends a run. */
  readonly #guarded: number;
  /** What those write, and where it is kept while they run. */
  #kept: readonly Kept[] = [];
  #backup: Required<Buffer> | undefined;
  readonly #held = new Map<Constant, HeldConstant>();
  readonly #written: WrittenPlan;
  #arena: ArenaUse | undefined;
  #disposed = false;
  /** Where the arena was when the steps were written. */
  #place = -1;
  #versions = -1;

  /** For `compile`. */
  constructor(engine: Engine, graph: Graph, lowered: Lowered) {
    this.engine = engine;
    this.graph = graph;
    this.lowered = lowered;
    const tensorsOf = (values: readonly Value[]): Tensor[] => [
      ...new Set(values.flatMap(({ tensor }) => (tensor ? [tensor] : []))),
    ];
    const fixed = lowered.prologue.map(({ node }) => node);
    const worked = lowered.main.map(({ node }) => node);
    this.#states = tensorsOf([...[...fixed, ...worked].flatMap(inputsOf), ...graph.outputs]);
    this.#folded = tensorsOf(fixed.flatMap(inputsOf));
    this.#mutated = tensorsOf(worked.flatMap(writtenBy));
    for (const state of this.#states) {
      if (state.engine !== engine) {
        throw new Error(`compile: a tensor ${formatShape(state.shape)} lives on another engine`);
      }
    }
    this.peakBytes = lowered.arenaBytes;
    this.stateBytes = this.#states.reduce((bytes, state) => bytes + bytesOf(state), 0);
    const constants = new Map(lowered.constants.map(({ key, buffer }) => [key, buffer.bytes]));
    this.constantBytes = [...constants.values()].reduce((sum, bytes) => sum + bytes, 0);
    this.#guarded = worked.findLastIndex((node) => is(node, guardFinite)) + 1;
    this.#allocate();
    try {
      [this.#kept, this.#backup] = keptOf(engine, worked.slice(0, this.#guarded));
      this.#written = engine.writePlan(lowered.main.flatMap((node) => node.steps));
    } catch (error) {
      this.#release();
      throw error;
    }
    try {
      this.#refreshConstants();
    } catch (error) {
      this.dispose();
      throw error;
    }
  }

  /**
   * Runs the plan on these inputs and returns copies of its outputs. Runs of an engine, of this plan and others, go one
   * after the other in the order in which they were asked for.
   *
   * @throws RangeError when an input has the wrong number of elements; {@link NonFiniteError}, naming the first op that
   * made one, when a guarded value is NaN or infinite: nothing after the guard has run then, and what was written before it,
   * such as running statistics, is as it was.
   */
  async run(...inputs: (Float32Array | Int32Array)[]): Promise<Values[]> {
    this.#assertLive();
    const expected = this.graph.inputs;
    if (inputs.length !== expected.length) {
      throw new RangeError(`plan: ${inputs.length} inputs given, ${expected.length} wanted`);
    }
    expected.forEach((value, index) => this.#checkInput(value, inputs[index]!, index));
    // What waits for its turn must not be what the caller writes next.
    const given = this.engine.busy ? inputs.map((input) => input.slice()) : inputs;
    return this.engine.runPlan(this.#written, {
      begin: () => {
        this.locate();
        this.#refreshConstants();
        this.#writeInputs(given);
        for (const { at, copy, bytes } of this.#kept) this.engine.copy(at, copy, bytes);
      },
      finish: (finished) => {
        for (const tensor of this.#mutated) tensor.version++;
        if (!finished) throw this.#findNonFinite(given);
        return this.graph.outputs.map((value) => {
          const { pointer } = this.lowered.viewOf(value);
          return this.engine.read(pointer, sizeOf(value.shape), value.dtype);
        });
      },
    });
  }

  /** Bytes of {@link stateBytes} that take no memory: tensors whose values are read again where they come from. */
  get deferredBytes(): number {
    const deferred = this.#states.filter((state) => state.deferred);
    return deferred.reduce((bytes, state) => bytes + bytesOf(state), 0);
  }

  /**
   * Frees its memory; parameters and other state stay. Runs that have been asked for go on to their end, it can be asked for no
   * others.
   */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.engine.afterRuns(() => {
      this.engine.freePlan(this.#written);
      this.#release();
    });
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** A table of its steps: op, kernel, shapes, bytes and flops. */
  toString(): string {
    return printPlan(this);
  }

  /** Gives what a run makes its addresses: where the arena is now. Steps are written again if it has moved. */
  locate(): void {
    if (this.#move()) this.engine.rewritePlan(this.#written);
  }

  #move(): boolean {
    const place = this.engine.arenaAddress;
    if (place === this.#place) return false;
    this.#place = place;
    for (const { buffer, offset } of this.lowered.storages) buffer.address = place + offset;
    return true;
  }

  #allocate(): void {
    try {
      this.#arena = this.engine.useArena(this.peakBytes);
      for (const constant of this.lowered.constants) {
        const held = holdConstant(this.engine, constant.key, constant.buffer.bytes);
        this.#held.set(constant, held);
        constant.buffer.address = held.buffer.address;
      }
      this.#move();
    } catch (error) {
      this.#release();
      if (!(error instanceof OutOfMemoryError)) throw error;
      throw new OutOfMemoryError(explainMemory(this));
    }
  }

  #release(): void {
    for (const { key } of this.#held.keys()) leaveConstant(this.engine, key);
    this.#held.clear();
    if (this.#backup) this.engine.free(this.#backup);
    if (this.#arena) this.engine.leaveArena(this.#arena);
  }

  /** Throws when the plan, or a tensor that it works on, has been disposed. */
  #assertLive(): void {
    if (this.#disposed) throw new Error('plan: used after dispose()');
    for (const { disposed, shape } of this.#states) {
      if (disposed)
        throw new Error(`plan: its tensor ${formatShape(shape)} was used after dispose()`);
    }
  }

  #checkInput(value: Value, given: Float32Array | Int32Array, index: number): void {
    const type = given instanceof Float32Array ? 'f32' : 'i32';
    const size = sizeOf(value.shape);
    if (given.length === size && type === value.dtype) return;
    throw new RangeError(
      `plan: input ${index} has ${given.length} ${type} values but ${formatShape(value.shape)} ${value.dtype} ` +
        `takes ${size}`,
    );
  }

  #writeInputs(inputs: readonly (Float32Array | Int32Array)[]): void {
    this.graph.inputs.forEach((value, index) => {
      this.engine.write(this.lowered.viewOf(value).pointer, inputs[index]!);
    });
  }

  /** Folds and packs weights again which have been written since, unless another plan has done so. */
  #refreshConstants(): void {
    if (this.lowered.prologue.length === 0) return;
    const versions = versionOf(this.#folded);
    if (versions === this.#versions) return;
    const stale = [...this.#held].filter(
      ([{ tensors }, held]) => held.version !== versionOf(tensors),
    );
    const nodes = new Set(stale.flatMap(([constant]) => [...constant.nodes]));
    for (const [, held] of stale) held.version = -1;
    runPrologue(
      this.engine,
      this.lowered.prologue.filter((node) => nodes.has(node)),
    );
    for (const [{ tensors }, held] of stale) held.version = versionOf(tensors);
    this.#versions = versions;
  }

  /** Explains why a guard ended a run, and leaves all state as it was before the run. */
  #findNonFinite(inputs: readonly (Float32Array | Int32Array)[]): NonFiniteError {
    this.#putBack();
    const error = this.#explain(inputs);
    this.#putBack();
    return error;
  }

  #putBack(): void {
    for (const { at, copy, bytes } of this.#kept) this.engine.copy(copy, at, bytes);
  }

  /** Runs node by node up to the guard to find the first that makes a NaN or infinite value. */
  #explain(inputs: readonly (Float32Array | Int32Array)[]): NonFiniteError {
    this.#writeInputs(inputs);
    for (const value of this.graph.inputs) {
      const index = this.#firstNonFinite(value);
      if (index >= 0) return new NonFiniteError(`input: ${this.#describe(value, index)}`);
    }
    for (const { node, steps } of this.lowered.main.slice(0, this.#guarded)) {
      for (const value of inputsOf(node)) {
        const index = value.tensor ? this.#firstNonFinite(value) : -1;
        if (index >= 0) {
          return new NonFiniteError(
            `${describeNode(node)}: its parameter has ${this.#describe(value, index)}`,
          );
        }
      }
      this.engine.runSteps(steps);
      for (const [name, value] of entries(node.outputs)) {
        if (node.op.gappedOutputs?.includes(name)) continue;
        const index = this.#firstNonFinite(value);
        if (index >= 0)
          return new NonFiniteError(`${describeNode(node)}: made ${this.#describe(value, index)}`);
      }
    }
    return new NonFiniteError(
      'plan: a guarded value was not finite but is when the ops run one by one',
    );
  }

  /** Index of the first element that is NaN or infinite, or -1. */
  #firstNonFinite(value: Value): number {
    if (value.dtype !== 'f32') return -1;
    const { pointer, stride } = this.lowered.viewOf(value);
    const channels = channelsOf(value.shape);
    if (stride === channels) return this.engine.firstNonFinite(pointer, sizeOf(value.shape));
    for (let pixel = 0; pixel < pixelsOf(value.shape); pixel++) {
      const index = this.engine.firstNonFinite(after(pointer, 4 * pixel * stride), channels);
      if (index >= 0) return pixel * channels + index;
    }
    return -1;
  }

  #describe(value: Value, index: number): string {
    const { pointer, stride } = this.lowered.viewOf(value);
    const channels = channelsOf(value.shape);
    const place = Math.floor(index / channels) * stride + (index % channels);
    const [found] = this.engine.read(after(pointer, 4 * place), 1, 'f32');
    return `${found} at element ${index} of ${formatShape(value.shape)}`;
  }
}

/** A tensor that is written before a guard, and where it is copied to in case that ends the run. */
interface Kept {
  readonly at: Pointer;
  readonly copy: Pointer;
  readonly bytes: number;
}

/** Memory for copies of the state that nodes write. */
function keptOf(
  engine: Engine,
  nodes: readonly Node[],
): [readonly Kept[], Required<Buffer> | undefined] {
  const written = new Set(
    nodes.flatMap(writtenBy).flatMap(({ tensor }) => (tensor ? [tensor] : [])),
  );
  const total = [...written].reduce((bytes, tensor) => bytes + bytesOf(tensor), 0);
  if (total === 0) return [[], undefined];
  const buffer = engine.allocate(total);
  let byteOffset = 0;
  const kept = [...written].map((tensor) => {
    const bytes = bytesOf(tensor);
    const copy = { buffer, byteOffset };
    byteOffset += bytes;
    return { at: tensor.view.pointer, copy, bytes };
  });
  return [kept, buffer];
}

/** A number that grows with each write to one of the tensors. */
function versionOf(tensors: Iterable<Tensor>): number {
  let sum = 0;
  for (const { version } of tensors) sum += version;
  return sum;
}
