import { NonFiniteError, OutOfMemoryError } from '../errors.ts';
import type { Graph, Node, Value } from '../graph.ts';
import type { Engine, WrittenPlan } from '../kernels/engine.ts';
import type { Buffer } from '../kernels/step.ts';
import { bytesOf, formatShape, sizeOf } from '../shape.ts';
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
    this.#arena = this.#allocateArena();
    this.#written = engine.writePlan(lowered.main.flatMap((node) => node.steps));
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
   * made one, when a guarded value is NaN or infinite: nothing after the guard has run then.
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
        this.#refreshConstants();
        this.#writeInputs(given);
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
    if (!this.#arena) return;
    this.engine.freePlan(this.#written);
    this.engine.releaseArena(this.#arena);
    for (const buffer of this.lowered.constants) this.engine.free(buffer);
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

  /** Runs node by node to find the first that makes a NaN or infinite value. */
  #findNonFinite(inputs: readonly (Float32Array | Int32Array)[]): NonFiniteError {
    this.#writeInputs(inputs);
    for (const value of this.graph.inputs) {
      const index = this.#firstNonFinite(value);
      if (index >= 0) return new NonFiniteError(`input: ${this.#describe(value, index)}`);
    }
    for (const { node, steps } of this.lowered.main) {
      for (const value of node.inputs) {
        const index = value.tensor ? this.#firstNonFinite(value) : -1;
        if (index >= 0) {
          return new NonFiniteError(
            `${describeNode(node)}: its parameter has ${this.#describe(value, index)}`,
          );
        }
      }
      this.engine.runSteps(steps);
      for (const value of node.outputs) {
        const index = this.#firstNonFinite(value);
        if (index >= 0)
          return new NonFiniteError(`${describeNode(node)}: made ${this.#describe(value, index)}`);
      }
    }
    return new NonFiniteError(
      'plan: a guarded value was not finite but is when the ops run one by one',
    );
  }

  #firstNonFinite(value: Value): number {
    if (value.dtype !== 'f32') return -1;
    return this.engine.firstNonFinite(this.lowered.viewOf(value).pointer, sizeOf(value.shape));
  }

  #describe(value: Value, index: number): string {
    const { pointer } = this.lowered.viewOf(value);
    const at = { buffer: pointer.buffer, byteOffset: pointer.byteOffset + 4 * index };
    return `${this.engine.read(at, 1, 'f32')[0]} at element ${index} of ${formatShape(value.shape)}`;
  }
}
