import { NonFiniteError, OutOfMemoryError } from '../errors.ts';
import type { Graph, Node, Value } from '../graph.ts';
import type { Engine, WrittenPlan } from '../kernels/engine.ts';
import type { Buffer, Pointer } from '../kernels/step.ts';
import { after } from '../ops/args.ts';
import { guardFinite } from '../ops/guardFinite.ts';
import type { Op } from '../ops/op.ts';
import { bytesOf, channelsOf, formatShape, pixelsOf, sizeOf } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { describeNode } from './capture.ts';
import type { Lowered } from './lower.ts';
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
  /** Bytes of weights that were folded and packed for it. */
  readonly constantBytes: number;
  readonly #states: readonly Tensor[];
  /** Those that the prologue reads. */
  readonly #folded: readonly Tensor[];
  readonly #mutated: readonly Tensor[];
  /** Nodes up to the last guard, when there is one: what may have run when it ends a run. */
  readonly #guarded: number;
  /** What those write, and where it is kept while they run. */
  readonly #kept: readonly Kept[];
  readonly #backup: Required<Buffer> | undefined;
  #arena: Buffer | undefined;
  #written: WrittenPlan;
  #versions = -1;

  /** For `compile`. */
  constructor(engine: Engine, graph: Graph, lowered: Lowered) {
    this.engine = engine;
    this.graph = graph;
    this.lowered = lowered;
    const tensorsOf = (values: readonly Value[]): Tensor[] => [
      ...new Set(values.flatMap(({ tensor }) => (tensor ? [tensor] : []))),
    ];
    const [fixed, worked] = [lowered.prologue, lowered.main].map((nodes) =>
      nodes.map(({ node }) => node),
    ) as [Node[], Node[]];
    const values = [...fixed, ...worked].flatMap(({ inputs }) => inputs);
    this.#states = tensorsOf([...values, ...graph.outputs]);
    this.#folded = tensorsOf(fixed.flatMap(({ inputs }) => inputs));
    this.#mutated = tensorsOf(
      worked.flatMap(({ op, inputs }) => (op.mutates ?? []).map((index) => inputs[index]!)),
    );
    for (const state of this.#states) {
      if (state.engine !== engine) {
        throw new Error(`compile: a tensor ${formatShape(state.shape)} lives on another engine`);
      }
    }
    this.peakBytes = lowered.arenaBytes;
    this.stateBytes = this.#states.reduce((bytes, state) => bytes + bytesOf(state), 0);
    this.constantBytes = lowered.constants.reduce((bytes, buffer) => bytes + buffer.bytes, 0);
    this.#guarded = worked.findLastIndex(({ op }) => op === (guardFinite as Op)) + 1;
    this.#arena = this.#allocateArena();
    [this.#kept, this.#backup] = keptOf(engine, worked.slice(0, this.#guarded));
    this.#written = engine.writePlan(lowered.main.flatMap((node) => node.steps));
    try {
      this.#refreshConstants();
    } catch (error) {
      this.dispose();
      throw error;
    }
  }

  /**
   * Runs the plan on these inputs and returns copies of its outputs.
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
    this.#refreshConstants();
    this.#writeInputs(inputs);
    for (const { at, copy, bytes } of this.#kept) this.engine.copy(at, copy, bytes);
    const run = this.engine.runPlan(this.#written);
    // Where the run is over already the outputs are read at once: another plan may use the arena next.
    const finished = typeof run === 'boolean' ? run : await run;
    for (const tensor of this.#mutated) tensor.version++;
    if (!finished) throw this.#findNonFinite(inputs);
    return this.graph.outputs.map((value) => {
      const { pointer } = this.lowered.viewOf(value);
      return this.engine.read(pointer, sizeOf(value.shape), value.dtype);
    });
  }

  /** Bytes of {@link stateBytes} that take no memory: tensors whose values are read again where they come from. */
  get deferredBytes(): number {
    const deferred = this.#states.filter((state) => state.deferred);
    return deferred.reduce((bytes, state) => bytes + bytesOf(state), 0);
  }

  /** Frees its memory; parameters and other state stay. */
  dispose(): void {
    if (!this.#arena) return;
    this.engine.freePlan(this.#written);
    this.engine.releaseArena(this.#arena);
    for (const buffer of this.lowered.constants) this.engine.free(buffer);
    if (this.#backup) this.engine.free(this.#backup);
    this.#arena = undefined;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** A table of its steps: op, kernel, shapes, bytes and flops. */
  toString(): string {
    return printPlan(this);
  }

  #allocateArena(): Buffer {
    let arena: Buffer | undefined;
    try {
      arena = this.engine.acquireArena(this.peakBytes);
      for (const { buffer, offset } of this.lowered.storages)
        buffer.address = arena.address! + offset;
      for (const buffer of this.lowered.constants)
        buffer.address = this.engine.allocate(buffer.bytes).address;
      return arena;
    } catch (error) {
      for (const buffer of this.lowered.constants) if (buffer.address) this.engine.free(buffer);
      if (arena) this.engine.releaseArena(arena);
      if (!(error instanceof OutOfMemoryError)) throw error;
      const total = this.peakBytes + this.constantBytes;
      throw new OutOfMemoryError(
        `plan: needs ${total} bytes (${this.peakBytes} for activations) but WASM memory is at ` +
          `${this.engine.memoryBytes} bytes and cannot grow by that: try a smaller batch`,
      );
    }
  }

  /** Throws when the plan, or a tensor that it works on, has been disposed. */
  #assertLive(): void {
    if (!this.#arena) throw new Error('plan: used after dispose()');
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

  /** Folds and packs weights again when a parameter has been written since. */
  #refreshConstants(): void {
    if (this.lowered.prologue.length === 0) return;
    const versions = this.#folded.reduce((sum, state) => sum + state.version, 0);
    if (versions === this.#versions) return;
    runPrologue(this.engine, this.lowered.prologue);
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
      for (const value of node.inputs) {
        const index = value.tensor ? this.#firstNonFinite(value) : -1;
        if (index >= 0) {
          return new NonFiniteError(
            `${describeNode(node)}: its parameter has ${this.#describe(value, index)}`,
          );
        }
      }
      this.engine.runSteps(steps);
      for (const [position, value] of node.outputs.entries()) {
        if (node.op.gappedOutputs?.includes(position)) continue;
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
    nodes.flatMap(({ op, inputs }) => (op.mutates ?? []).map((index) => inputs[index]!.tensor!)),
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
