import { Arena, type ArenaUse } from './arena.ts';
import type { Build } from './assets.ts';
import type { Width } from './chooseWidth.ts';
import { encodePlan, PLAN_VERSION, planBytes } from './encodePlan.ts';
import { Heap } from './heap.ts';
import { holdsHighTiles } from './holdsHighTiles.ts';
import { instantiate, type KernelExports } from './instance.ts';
import { readKernelTable, type KernelInfo } from './kernelTable.ts';
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

/** Largest scratch memory an engine starts with, per worker. */
const SCRATCH_BYTES = 1 << 19;

/**
 * One WASM memory, its kernels and its team of workers.
 *
 * Everything happens as if in the order in which it was asked for. Runs of plans take their turns; where they take time, what
 * reads, writes or computes at once waits until they are over, and memory that is freed is kept until then. Memory
 * that was allocated after the last of them was asked for can be written and read meanwhile.
 */
export class Engine {
  readonly build: Build;
  readonly numerics: Numerics;
  readonly threads: number;
  /** Rows of the kernel table by name. */
  readonly kernels: ReadonlyMap<string, KernelInfo>;
  readonly #exports: KernelExports;
  readonly #memory: WebAssembly.Memory;
  readonly #heap: Heap;
  readonly #arena: Arena;
  readonly #runner: TeamRunner;
  readonly #runs: RunQueue;
  /** Addresses that no run knows which has been asked for. */
  readonly #fresh = new Set<number>();
  #views: { buffer: ArrayBufferLike; f32: Float32Array; i32: Int32Array };
  #scratch = { address: 0, bytes: 0 };
  /** Where eager steps are written. */
  #eager = { address: 0, bytes: 0 };
  #closed = false;

  constructor(parts: EngineParts) {
    this.build = parts.build;
    this.numerics = parts.numerics;
    this.threads = parts.threads;
    this.#exports = instantiate(parts.module, parts.memory);
    this.#memory = parts.memory ?? this.#exports.memory!;
    const version = this.#exports.plan_version();
    if (version !== PLAN_VERSION) {
      throw new Error(
        `init: the WASM build reads plans of version ${version}, not ${PLAN_VERSION}`,
      );
    }
    this.#exports.set_high_tiles(holdsHighTiles());
    this.kernels = readKernelTable(this.#exports, this.#memory);
    this.#heap = new Heap(this.#memory, this.#exports.heap_base());
    this.#arena = new Arena(this.#heap);
    this.#views = this.#makeViews();
    this.#runner = new TeamRunner(this.#exports, this.#memory, parts.threads, {
      look: () => this.#runs.look(),
      busy: () => this.#runs.busy,
      fail: (error) => this.#runs.fail(error),
    });
    this.#runs = new RunQueue(this.#runner);
    this.#ensureScratch(SCRATCH_BYTES);
  }

  /** Hands over the workers once they have joined. */
  attach(team: Team): void {
    this.#runner.attach(team, this.#heap.allocate(4));
  }

  /** Whether a run takes time at the moment. */
  get busy(): boolean {
    return this.#runs.busy;
  }

  /** Bits of the vectors that the kernels are written for. */
  get simd(): Width {
    return this.build.includes('-256') ? 256 : 128;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Size of the WASM memory; it grows and never shrinks. */
  get memoryBytes(): number {
    return this.#memory.buffer.byteLength;
  }

  /** Bytes of it that tensors and plans hold at the moment. */
  get usedBytes(): number {
    return this.#heap.usedBytes;
  }

  /** Bytes of it that tensors and plans can take before it grows, if they fit the gaps. */
  get freeBytes(): number {
    return this.#heap.freeBytes;
  }

  /** Bytes of it that workers have for themselves while a step runs: as many for each as the largest step wants. */
  get scratchBytes(): number {
    return this.#scratch.bytes * this.threads;
  }

  /** Memory of `bytes` bytes, 64-byte aligned, not initialised. Throws {@link OutOfMemoryError}. */
  allocate(bytes: number): Required<Buffer> {
    this.#assertOpen();
    const address = this.#allocate(bytes);
    if (this.#runs.busy) this.#fresh.add(address);
    return { bytes, address };
  }

  /** Gives memory back when the runs that have been asked for are over. */
  free(buffer: Buffer): void {
    const address = buffer.address!;
    this.afterRuns(() => this.#heap.free(address));
  }

  /** Makes sure of `bytes` bytes for the runs of a plan, which all plans share. Throws {@link OutOfMemoryError}. */
  useArena(bytes: number): ArenaUse {
    this.#settle();
    return this.#arena.use(bytes);
  }

  /** Where that memory is, until another plan asks for more. */
  get arenaAddress(): number {
    return this.#arena.address;
  }

  leaveArena(use: ArenaUse): void {
    this.afterRuns(() => this.#arena.leave(use));
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
    const index = this.#exports.first_non_finite(4 * this.#elementOf(pointer), count);
    return index === count ? -1 : index;
  }

  /** Runs steps now; returns when they are done. The team helps where a step has several chunks. */
  runSteps(steps: readonly Step[]): void {
    if (steps.length === 0) return;
    this.#settle();
    const bytes = planBytes(this.kernels, steps);
    this.#runner.quiesce();
    if (bytes > this.#eager.bytes) {
      if (this.#eager.bytes > 0) this.#heap.free(this.#eager.address);
      this.#eager = { address: 0, bytes: 0 };
      this.#eager = { address: this.#heap.allocate(2 * bytes), bytes: 2 * bytes };
    }
    const cut = this.#cut(steps);
    this.#prepareScratch(cut);
    encodePlan(this.kernels, cut, this.#memory.buffer, this.#eager.address);
    const parallel = steps.some((step) => step.chunks > 1);
    this.#runner.runNow(this.#eager.address, parallel);
  }

  /** Writes steps for many runs; every buffer must have its address. */
  writePlan(steps: readonly Step[]): WrittenPlan {
    this.#assertOpen();
    const cut = this.#cut(orderSteps(this.kernels, steps));
    this.#prepareScratch(cut);
    const address = this.#allocate(planBytes(this.kernels, steps));
    encodePlan(this.kernels, cut, this.#memory.buffer, address);
    return { address, steps: cut };
  }

  /** Writes a plan's steps again, as their buffers have other addresses; only when no run is going on. */
  rewritePlan({ address, steps }: WrittenPlan): void {
    this.#settle();
    this.#runner.quiesce();
    encodePlan(this.kernels, steps, this.#memory.buffer, address);
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
    this.#assertOpen();
    this.#fresh.clear();
    const finish = (finished: boolean): boolean | T => (steps ? steps.finish(finished) : finished);
    return this.#runs.run({ plan: plan.address, begin: () => steps?.begin(), finish });
  }

  freePlan(plan: WrittenPlan): void {
    this.afterRuns(() => {
      this.#runner.quiesce();
      this.#heap.free(plan.address);
    });
  }

  /** Gives something up as soon as no run that has been asked for may use it; now, where none takes time. */
  afterRuns(giveUp: () => void): void {
    this.#runs.after(() => {
      if (!this.#closed) giveUp();
    });
  }

  /** Functions with the same bits in every runtime, unlike `Math`'s. */
  readonly math = {
    exp: (x: number): number => this.#exports.math_exp(x),
    log: (x: number): number => this.#exports.math_log(x),
    cos: (x: number): number => this.#exports.math_cos(x),
    sin: (x: number): number => this.#exports.math_sin(x),
    pow: (x: number, y: number): number => this.#exports.math_pow(x, y),
  } as const;

  /** Stops the workers when all runs asked for are over; tensors and plans of this engine cannot be used afterwards. */
  close(): void {
    if (this.#closed) return;
    this.#runs.settle();
    this.#closed = true;
    this.#runner.close();
  }

  /** What has been freed may be kept for a run: where memory does not suffice it is waited for. */
  #allocate(bytes: number): number {
    try {
      return this.#heap.allocate(bytes);
    } catch (error) {
      if (!this.#runs.busy) throw error;
      this.#runs.settle();
      return this.#heap.allocate(bytes);
    }
  }

  #prepareScratch(steps: readonly Step[]): void {
    this.#ensureScratch(steps.reduce((most, step) => Math.max(most, step.scratchBytes ?? 0), 0));
  }

  #ensureScratch(bytes: number): void {
    if (bytes <= this.#scratch.bytes) return;
    this.#settle();
    this.#runner.quiesce();
    const before = this.#scratch;
    if (before.bytes > 0) this.#heap.free(before.address);
    try {
      this.#placeScratch(Math.ceil(bytes / 64) * 64);
    } catch (error) {
      // Plans that were written before go on in what they had.
      if (before.bytes > 0) this.#placeScratch(before.bytes);
      throw error;
    }
  }

  #placeScratch(stride: number): void {
    this.#scratch = { address: this.#heap.allocate(stride * this.threads), bytes: stride };
    this.#exports.set_scratch(this.#scratch.address, stride);
  }

  #elementOf(pointer: Pointer): number {
    this.#assertOpen();
    return (pointer.buffer.address! + pointer.byteOffset) / 4;
  }

  #assertOpen(): void {
    if (this.#closed) throw new Error('engine: used after close()');
  }

  /** Returns when no run that has been asked for can read or write these places; without any: anything. */
  #settle(...places: readonly Pointer[]): void {
    this.#assertOpen();
    const untouched = places.every(({ buffer }) => this.#fresh.has(buffer.address!));
    if (this.#runs.busy && !(places.length > 0 && untouched)) this.#runs.settle();
  }

  #current(): { f32: Float32Array; i32: Int32Array } {
    if (this.#views.buffer !== this.#memory.buffer) this.#views = this.#makeViews();
    return this.#views;
  }

  #makeViews(): { buffer: ArrayBufferLike; f32: Float32Array; i32: Int32Array } {
    const { buffer } = this.#memory;
    return { buffer, f32: new Float32Array(buffer), i32: new Int32Array(buffer) };
  }
}
