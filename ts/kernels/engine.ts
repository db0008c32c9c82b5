import { OutOfMemoryError } from '../base/errors.ts';
import { formatShape, type DType, type Shape, type Spec } from '../base/shape.ts';
import { asyncDispose, dispose } from '../base/symbols.ts';
import { Arena } from './arena.ts';
import type { Build } from './assets.ts';
import type { Width } from './chooseWidth.ts';
import { encodePlan, PLAN_VERSION, planBytes } from './encodePlan.ts';
import { eventLoopTurn } from './eventLoopTurn.ts';
import { Heap } from './heap.ts';
import { holdsHighTiles } from './holdsHighTiles.ts';
import { instantiate, type KernelExports } from './instance.ts';
import { readKernelTable, type KernelInfo } from './kernelTable.ts';
import { Ledger } from './ledger.ts';
import { extraKernels } from './needsExtra.ts';
import { orderSteps } from './orderSteps.ts';
import { RunQueue } from './runQueue.ts';
import type { Buffer, Pointer, Step } from './step.ts';
import type { Team } from './team.ts';
import { TeamRunner } from './teamRunner.ts';

/** `strict`: the same bits in every runtime; `fast`: fused multiply-add and Winograd's algorithms. */
export type Numerics = 'strict' | 'fast';

/** What an engine is made from; {@link createEngine} finds these. */
export interface EngineParts {
  readonly build: Build;
  readonly numerics: Numerics;
  readonly threads: number;
  readonly module: WebAssembly.Module;
  /** The module of kernels that no net of the zoo needs, where the program has ops of it, or why it cannot be had. */
  readonly extra?: WebAssembly.Module | string;
  /** The shared memory, for builds with threads. */
  readonly memory?: WebAssembly.Memory;
}

/** Steps in WASM memory, ready to run. */
export interface WrittenPlan {
  readonly address: number;
  /** In the order and in the chunks in which they were written. */
  readonly steps: readonly Step[];
}

/** What a plan does before and after a run. */
export interface RunSteps<T> {
  /** Called when all that was asked for earlier is over, right before the run. */
  begin(): void;
  /** Called right after it, before anything else runs: true unless a guard ended the run early. */
  finish(finished: boolean): T;
}

/** What a plan needs of the memory for runs; it has that as long as it holds this. */
export interface ArenaUse {
  readonly id: number;
  readonly bytes: number;
}

/** What an engine has while it is open. */
interface Open {
  readonly exports: KernelExports;
  readonly memory: WebAssembly.Memory;
  readonly heap: Heap;
  readonly arena: Arena;
  readonly ledger: Ledger;
  readonly runner: TeamRunner;
  readonly runs: RunQueue;
  views: { buffer: ArrayBufferLike; f32: Float32Array; i32: Int32Array };
}

/** Largest scratch memory an engine starts with, per worker. */
const SCRATCH_BYTES = 1 << 19;
/** Where more than this is in use, and twice what was when it was done last, garbage is collected before memory grows. */
const SWEEP_BYTES = 1 << 27;

/**
 * One WASM memory, its kernels and its team of workers.
 *
 * Everything happens as if in the order in which it was asked for. Runs of plans take their turns; where they take time, what
 * reads, writes or computes at once waits until they are over, and memory that is freed is kept until then. Memory
 * that was allocated after the last of them was asked for can be written and read meanwhile.
 *
 * Memory is given back when it is freed, or when nobody holds what {@link Engine.allocate} and its like gave any more.
 */
export class Engine implements Disposable, AsyncDisposable {
  readonly build: Build;
  readonly numerics: Numerics;
  readonly threads: number;
  /** Whether it has the kernels of the extra module; why not, where the program needed them when the engine was made. */
  readonly extra: boolean | string;
  /** Rows of the kernel tables by name. */
  readonly kernels: ReadonlyMap<string, KernelInfo>;
  #open: Open | undefined;
  /** Addresses that no run knows which has been asked for. */
  readonly #fresh = new Set<number>();
  #scratch = { address: 0, bytes: 0 };
  /** Where eager steps are written. */
  #eager = { address: 0, bytes: 0 };
  /** Bytes in use from which on garbage is collected before memory grows. */
  #sweepAt = SWEEP_BYTES;
  #owesTurn = false;

  constructor(parts: EngineParts) {
    this.build = parts.build;
    this.numerics = parts.numerics;
    this.threads = parts.threads;
    const instance = instantiate(parts.module, parts.memory);
    const exports = instance.kernels;
    const memory = parts.memory ?? exports.memory!;
    const version = exports.plan_version();
    if (version !== PLAN_VERSION) {
      throw new Error(
        `init: the WASM build reads plans of version ${version}, not ${PLAN_VERSION}`,
      );
    }
    exports.set_high_tiles(holdsHighTiles());
    const kernels = readKernelTable(exports, memory);
    const { extra = false } = parts;
    this.extra = typeof extra === 'string' ? extra : extra !== false;
    if (typeof extra === 'object') {
      const listing = extraKernels()!.join(extra, instance, memory);
      for (const [name, info] of readKernelTable(listing, memory)) kernels.set(name, info);
    }
    this.kernels = kernels;
    const heap = new Heap(memory, exports.heap_base());
    const runner: TeamRunner = new TeamRunner(exports, memory, parts.threads, {
      look: () => runs.look(),
      busy: () => runs.busy,
      fail: (error) => runs.fail(error),
    });
    const runs: RunQueue = new RunQueue(runner);
    this.#open = {
      exports,
      memory,
      heap,
      runner,
      runs,
      arena: new Arena(heap),
      ledger: new Ledger(),
      views: viewsOf(memory),
    };
    this.#ensureScratch(SCRATCH_BYTES);
  }

  /** Hands over the workers once they have joined. */
  attach(team: Team): void {
    const { runner, heap } = this.#live;
    runner.attach(team, heap.allocate(4));
  }

  /** Whether a run takes time at the moment. */
  get busy(): boolean {
    return this.#open?.runs.busy ?? false;
  }

  /** Bits of the vectors that the kernels are written for. */
  get simd(): Width {
    return this.build.includes('-256') ? 256 : 128;
  }

  get closed(): boolean {
    return this.#open === undefined;
  }

  /** Why nothing can be computed any more: a worker has ended. */
  get failure(): Error | undefined {
    return this.#open?.runner.failure;
  }

  /** Size of the WASM memory; it grows and never shrinks, and is 0 when the engine is closed. */
  get memoryBytes(): number {
    return this.#open?.memory.buffer.byteLength ?? 0;
  }

  /** Bytes of it that tensors and plans hold at the moment. */
  get usedBytes(): number {
    return this.#open?.heap.usedBytes ?? 0;
  }

  /** Bytes of it that tensors and plans can take before it grows, if they fit the gaps. */
  get freeBytes(): number {
    return this.#open?.heap.freeBytes ?? 0;
  }

  /** Bytes of it that workers have for themselves while a step runs: as many for each as the largest step wants. */
  get scratchBytes(): number {
    return this.#scratch.bytes * this.threads;
  }

  /**
   * Memory of `bytes` bytes, 64-byte aligned, not initialised; freed also when nobody holds what is returned any more. `what` it is
   * for is told by {@link holdings}. Throws {@link OutOfMemoryError}.
   */
  allocate(bytes: number, what: string | Spec = 'memory'): Required<Buffer> {
    const { heap, ledger, runs } = this.#live;
    const address = this.#take(bytes, () => heap.allocate(bytes));
    if (runs.busy) this.#fresh.add(address);
    const buffer = { bytes, address };
    ledger.hold(
      buffer,
      bytes,
      nameOf(what),
      this.#later(() => heap.free(address)),
    );
    return buffer;
  }

  /** Gives memory back when the runs that have been asked for are over. */
  free(buffer: Required<Buffer>): void {
    const { address } = buffer;
    this.#giveUp(buffer, ({ heap }) => heap.free(address));
  }

  /** Makes sure of `bytes` bytes for the runs of a plan, which all plans share. Throws {@link OutOfMemoryError}. */
  useArena(bytes: number): ArenaUse {
    this.#settle();
    const { arena, ledger } = this.#live;
    const id = this.#take(bytes, () => arena.use(bytes));
    const use = { bytes, id };
    const name = (): string => 'memory for the runs of a plan, shared by all';
    ledger.hold(
      use,
      bytes,
      name,
      this.#later(() => arena.leave(id)),
    );
    return use;
  }

  /** Where that memory is, until another plan asks for more. */
  get arenaAddress(): number {
    return this.#live.arena.address;
  }

  leaveArena(use: ArenaUse): void {
    this.#giveUp(use, ({ arena }) => arena.leave(use.id));
  }

  /** What holds memory. */
  get holdings(): Ledger {
    return this.#live.ledger;
  }

  /** Copies `count` elements out. */
  read(pointer: Pointer, count: number, dtype: 'f32'): Float32Array<ArrayBuffer>;
  read(pointer: Pointer, count: number, dtype: 'i32'): Int32Array<ArrayBuffer>;
  read(
    pointer: Pointer,
    count: number,
    dtype: 'f32' | 'i32',
  ): Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer>;
  read(
    pointer: Pointer,
    count: number,
    dtype: 'f32' | 'i32',
  ): Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer> {
    this.#settle(pointer);
    const start = this.#elementOf(pointer);
    const view = this.#current();
    if (dtype === 'f32') return new Float32Array(view.f32.subarray(start, start + count));
    return new Int32Array(view.i32.subarray(start, start + count));
  }

  /** Copies values in. */
  write(pointer: Pointer, values: Float32Array | Int32Array): void {
    this.#settle(pointer);
    const view = this.#current();
    const start = this.#elementOf(pointer);
    if (values instanceof Float32Array) view.f32.set(values, start);
    else view.i32.set(values, start);
  }

  /** Copies bytes, a multiple of four, from one place to another. */
  copy(from: Pointer, to: Pointer, bytes: number): void {
    this.#settle(from, to);
    const start = this.#elementOf(from);
    this.#current().i32.copyWithin(this.#elementOf(to), start, start + bytes / 4);
  }

  /** Lets `write` put `count` floats in place. It must neither keep what it is given nor use the engine. */
  fill(pointer: Pointer, count: number, write: (floats: Float32Array) => void): void {
    this.#settle(pointer);
    const start = this.#elementOf(pointer);
    write(this.#current().f32.subarray(start, start + count));
  }

  /** Index of the first of `count` floats that is NaN or infinite, or -1. */
  firstNonFinite(pointer: Pointer, count: number): number {
    this.#settle(pointer);
    const index = this.#live.exports.first_non_finite(4 * this.#elementOf(pointer), count);
    return index === count ? -1 : index;
  }

  /** Runs steps now; returns when they are done. The team helps where a step has several chunks. */
  runSteps(steps: readonly Step[]): void {
    if (steps.length === 0) return;
    this.#settle();
    const { heap, memory, runner } = this.#live;
    const bytes = planBytes(this.kernels, steps);
    runner.quiesce();
    if (bytes > this.#eager.bytes) {
      if (this.#eager.bytes > 0) heap.free(this.#eager.address);
      this.#eager = { address: 0, bytes: 0 };
      const address = this.#take(2 * bytes, () => heap.allocate(2 * bytes));
      this.#eager = { address, bytes: 2 * bytes };
    }
    const cut = this.#cut(steps);
    this.#prepareScratch(cut);
    encodePlan(this.kernels, cut, memory.buffer, this.#eager.address);
    const parallel = steps.some((step) => step.chunks > 1);
    runner.runNow(this.#eager.address, parallel);
  }

  /** Writes steps for many runs; every buffer must have its address. */
  writePlan(steps: readonly Step[]): WrittenPlan {
    const { heap, ledger, memory, runner } = this.#live;
    const cut = this.#cut(orderSteps(this.kernels, steps));
    this.#prepareScratch(cut);
    const bytes = planBytes(this.kernels, steps);
    const address = this.#take(bytes, () => heap.allocate(bytes));
    encodePlan(this.kernels, cut, memory.buffer, address);
    const plan = { address, steps: cut };
    const release = this.#later(() => {
      runner.quiesce();
      heap.free(address);
    });
    ledger.hold(plan, bytes, () => 'steps of a plan', release);
    return plan;
  }

  /** Writes a plan's steps again, as their buffers have other addresses; only when no run is going on. */
  rewritePlan({ address, steps }: WrittenPlan): void {
    this.#settle();
    const { memory, runner } = this.#live;
    runner.quiesce();
    encodePlan(this.kernels, steps, memory.buffer, address);
  }

  /** Steps in the chunks that suit the number of threads. */
  #cut(steps: readonly Step[]): readonly Step[] {
    if (this.threads > 1) return steps;
    return steps.map(({ oneWorker, ...step }) => ({
      ...step,
      ...oneWorker,
      args: { ...step.args, ...oneWorker?.args },
    }));
  }

  /**
   * Runs a written plan after those asked for earlier; false when a guard ended it early. Where this thread may wait
   * (anywhere but in a page), the run is over when this returns.
   */
  runPlan(plan: WrittenPlan): boolean | Promise<boolean>;
  runPlan<T>(plan: WrittenPlan, steps: RunSteps<T>): T | Promise<T>;
  runPlan<T>(plan: WrittenPlan, steps?: RunSteps<T>): boolean | T | Promise<boolean | T> {
    const { runs } = this.#live;
    this.#fresh.clear();
    const finish = (finished: boolean): boolean | T => (steps ? steps.finish(finished) : finished);
    return runs.run({ plan: plan.address, begin: () => steps?.begin(), finish });
  }

  freePlan(plan: WrittenPlan): void {
    this.#giveUp(plan, ({ runner, heap }) => {
      runner.quiesce();
      heap.free(plan.address);
    });
  }

  /** Gives something up as soon as no run that has been asked for may use it; now, where none takes time. */
  afterRuns(giveUp: () => void): void {
    this.#open?.runs.after(() => {
      if (this.#open) giveUp();
    });
  }

  /**
   * Whether garbage was collected lately for want of memory: {@link rest} then finds what can be found between two jobs alone.
   */
  get owesTurn(): boolean {
    return this.#owesTurn;
  }

  /** Gives the event loop its turns, in which memory that nobody holds any more is found. */
  async rest(): Promise<void> {
    this.#owesTurn = false;
    await eventLoopTurn();
    this.#open?.ledger.sweep();
    await eventLoopTurn();
    this.#sweepAt = Math.max(SWEEP_BYTES, 2 * this.usedBytes);
  }

  /** Functions with the same bits in every runtime, unlike `Math`'s. */
  readonly math = {
    exp: (x: number): number => this.#live.exports.math_exp(x),
    log: (x: number): number => this.#live.exports.math_log(x),
    cos: (x: number): number => this.#live.exports.math_cos(x),
    sin: (x: number): number => this.#live.exports.math_sin(x),
    pow: (x: number, y: number): number => this.#live.exports.math_pow(x, y),
  } as const;

  /**
   * Stops the workers when all runs asked for are over, and lets go of the WASM memory. Tensors and plans of this engine cannot be
   * used afterwards; `init` makes another one.
   */
  close(): void {
    if (!this.#open) return;
    const { runs, runner } = this.#open;
    runs.settle();
    this.#open = undefined;
    this.#fresh.clear();
    runner.close();
  }

  [dispose](): void {
    this.close();
  }

  /** As {@link close}, but gives the event loop its turns while runs go on, which a page needs to stay alive. */
  async [asyncDispose](): Promise<void> {
    while (this.busy) await eventLoopTurn();
    this.close();
  }

  get #live(): Open {
    if (this.#open) return this.#open;
    throw new Error(
      'engine: used after close(): init() gives another, on which models, predictors and trainers have to be made anew',
    );
  }

  /** Does something when the runs are over that have been asked for by then, if the engine is open then. */
  #later(act: () => void): () => void {
    return () => this.afterRuns(act);
  }

  /** Frees what a token stands for; does nothing once the engine is closed. */
  #giveUp(token: object, act: (open: Open) => void): void {
    if (!this.#open) return;
    if (!this.#open.ledger.forget(token)) throw new Error('engine: freed twice');
    this.afterRuns(() => act(this.#open!));
  }

  /**
   * Takes memory. Before that grows by much, and where it cannot, what nobody holds any more is given back; what has been freed but
   * is kept for a run is waited for.
   */
  #take<T>(bytes: number, take: () => T): T {
    const { heap, runs } = this.#live;
    if (heap.usedBytes + bytes > this.#sweepAt && !heap.fits(bytes)) this.#sweep();
    try {
      return take();
    } catch (error) {
      if (!(error instanceof OutOfMemoryError)) throw error;
      runs.settle();
      this.#sweep();
      return take();
    }
  }

  #sweep(): void {
    this.#live.ledger.sweep();
    this.#sweepAt = Math.max(SWEEP_BYTES, 2 * this.usedBytes);
    this.#owesTurn = true;
  }

  #prepareScratch(steps: readonly Step[]): void {
    this.#ensureScratch(steps.reduce((most, step) => Math.max(most, step.scratchBytes ?? 0), 0));
  }

  #ensureScratch(bytes: number): void {
    if (bytes <= this.#scratch.bytes) return;
    this.#settle();
    const { heap, runner } = this.#live;
    runner.quiesce();
    const before = this.#scratch;
    if (before.bytes > 0) heap.free(before.address);
    this.#scratch = { address: 0, bytes: 0 };
    try {
      this.#placeScratch(Math.ceil(bytes / 64) * 64);
    } catch (error) {
      // Plans that were written before go on in what they had.
      if (before.bytes > 0) this.#placeScratch(before.bytes);
      throw error;
    }
  }

  #placeScratch(stride: number): void {
    const { exports, heap } = this.#live;
    const bytes = stride * this.threads;
    const address = this.#take(bytes, () => heap.allocate(bytes));
    this.#scratch = { address, bytes: stride };
    exports.set_scratch(address, stride);
  }

  #elementOf(pointer: Pointer): number {
    return (pointer.buffer.address! + pointer.byteOffset) / 4;
  }

  /** Returns when no run that has been asked for can read or write these places; without any: anything. */
  #settle(...places: readonly Pointer[]): void {
    const { runs } = this.#live;
    const untouched = places.every(({ buffer }) => this.#fresh.has(buffer.address!));
    if (runs.busy && !(places.length > 0 && untouched)) runs.settle();
  }

  #current(): { f32: Float32Array; i32: Int32Array } {
    const open = this.#live;
    if (open.views.buffer !== open.memory.buffer) open.views = viewsOf(open.memory);
    return open.views;
  }
}

function viewsOf({ buffer }: WebAssembly.Memory): Open['views'] {
  return { buffer, f32: new Float32Array(buffer), i32: new Int32Array(buffer) };
}

/**
 * What memory is for, in words. A tensor that is given must not be held: closures of one function share what they hold, so that
 * these are made in functions of their own.
 */
function nameOf(what: string | Spec): () => string {
  return typeof what === 'string' ? constant(what) : tensorName(what.shape, what.dtype);
}

const constant = (name: string) => (): string => name;

const tensorName = (shape: Shape, dtype: DType) => (): string =>
  `tensor ${formatShape(shape)} ${dtype}`;
