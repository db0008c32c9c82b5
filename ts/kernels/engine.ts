import { Arenas } from './arenas.ts';
import type { Build } from './assets.ts';
import type { Width } from './chooseWidth.ts';
import { encodePlan, PLAN_VERSION, planBytes } from './encodePlan.ts';
import { Heap } from './heap.ts';
import { holdsHighTiles } from './holdsHighTiles.ts';
import { instantiate, type KernelExports } from './instance.ts';
import { readKernelTable, type KernelInfo } from './kernelTable.ts';
import { orderSteps } from './orderSteps.ts';
import type { Buffer, Pointer, Step } from './step.ts';
import type { Team } from './team.ts';

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
}

/** Largest scratch memory an engine starts with, per worker. */
const SCRATCH_BYTES = 1 << 19;

/** One WASM memory, its kernels and its team of workers. */
export class Engine {
  readonly build: Build;
  readonly numerics: Numerics;
  readonly threads: number;
  /** Rows of the kernel table by name. */
  readonly kernels: ReadonlyMap<string, KernelInfo>;
  readonly #exports: KernelExports;
  readonly #memory: WebAssembly.Memory;
  readonly #heap: Heap;
  readonly #arenas: Arenas;
  #team: Team | undefined;
  #views: { buffer: ArrayBufferLike; f32: Float32Array; i32: Int32Array };
  #scratch = { address: 0, bytes: 0 };
  /** Where eager steps are written. */
  #eager = { address: 0, bytes: 0 };
  #running = false;
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
    this.#arenas = new Arenas(this.#heap);
    this.#views = this.#makeViews();
    this.#ensureScratch(SCRATCH_BYTES);
  }

  /** Hands over the workers once they have joined. */
  attach(team: Team): void {
    this.#team = team;
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
    return { bytes, address: this.#heap.allocate(bytes) };
  }

  free(buffer: Buffer): void {
    if (!this.#closed) this.#heap.free(buffer.address!);
  }

  /** Memory of at least `bytes` bytes for the runs of a plan, shared with other plans. Throws {@link OutOfMemoryError}. */
  acquireArena(bytes: number): Required<Buffer> {
    this.#assertOpen();
    return this.#arenas.acquire(bytes);
  }

  releaseArena(buffer: Buffer): void {
    if (!this.#closed) this.#arenas.release(buffer);
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
    this.#assertIdle();
    const start = this.#elementOf(pointer);
    const view = this.#current();
    if (dtype === 'f32') return new Float32Array(view.f32.subarray(start, start + count));
    return new Int32Array(view.i32.subarray(start, start + count));
  }

  /** Copies values in. */
  write(pointer: Pointer, values: Float32Array | Int32Array): void {
    this.#assertIdle();
    const view = this.#current();
    const start = this.#elementOf(pointer);
    if (values instanceof Float32Array) view.f32.set(values, start);
    else view.i32.set(values, start);
  }

  /** Copies bytes, a multiple of four, from one place to another. */
  copy(from: Pointer, to: Pointer, bytes: number): void {
    this.#assertIdle();
    const start = this.#elementOf(from);
    this.#current().i32.copyWithin(this.#elementOf(to), start, start + bytes / 4);
  }

  /** Lets `write` put `count` floats in place. It must neither keep what it is given nor use the engine. */
  fill(pointer: Pointer, count: number, write: (floats: Float32Array) => void): void {
    this.#assertIdle();
    const start = this.#elementOf(pointer);
    write(this.#current().f32.subarray(start, start + count));
  }

  /** Index of the first of `count` floats that is NaN or infinite, or -1. */
  firstNonFinite(pointer: Pointer, count: number): number {
    const index = this.#exports.first_non_finite(4 * this.#elementOf(pointer), count);
    return index === count ? -1 : index;
  }

  /** Runs steps now; returns when they are done. The team helps where a step has several chunks. */
  runSteps(steps: readonly Step[]): void {
    if (steps.length === 0) return;
    this.#assertIdle();
    const bytes = planBytes(this.kernels, steps);
    this.#exports.quiesce();
    if (bytes > this.#eager.bytes) {
      if (this.#eager.bytes > 0) this.#heap.free(this.#eager.address);
      this.#eager = { address: this.#heap.allocate(2 * bytes), bytes: 2 * bytes };
    }
    const cut = this.#cut(steps);
    this.#prepareScratch(cut);
    encodePlan(this.kernels, cut, this.#memory.buffer, this.#eager.address);
    const parallel = !this.#team?.lead && steps.some((step) => step.chunks > 1);
    this.#exports.run_plan(this.#eager.address, parallel ? this.threads - 1 : 0);
  }

  /** Writes steps for many runs; every buffer must have its address. */
  writePlan(steps: readonly Step[]): WrittenPlan {
    this.#assertIdle();
    const address = this.#heap.allocate(planBytes(this.kernels, steps));
    const cut = this.#cut(orderSteps(this.kernels, steps));
    this.#prepareScratch(cut);
    encodePlan(this.kernels, cut, this.#memory.buffer, address);
    return { address };
  }

  /** Steps in the chunks that suit the number of threads. */
  #cut(steps: readonly Step[]): readonly Step[] {
    if (this.threads > 1) return steps;
    return steps.map(({ alone, ...step }) => ({
      ...step,
      ...alone,
      args: { ...step.args, ...alone?.args },
    }));
  }

  /**
   * Runs a written plan; false when a guard ended it early. Where the main thread may wait (anywhere but in a page), the
   * run is over when this returns.
   */
  runPlan(plan: WrittenPlan): boolean | Promise<boolean> {
    this.#assertIdle();
    const helpers = this.threads - 1;
    const lead = this.#team?.lead;
    if (!lead) return Boolean(this.#exports.run_plan(plan.address, helpers));
    this.#running = true;
    return lead({ plan: plan.address, helpers }).finally(() => {
      this.#running = false;
    });
  }

  freePlan(plan: WrittenPlan): void {
    if (this.#closed) return;
    this.#exports.quiesce();
    this.#heap.free(plan.address);
  }

  /** Functions with the same bits in every runtime, unlike `Math`'s. */
  readonly math = {
    exp: (x: number): number => this.#exports.math_exp(x),
    log: (x: number): number => this.#exports.math_log(x),
    cos: (x: number): number => this.#exports.math_cos(x),
    sin: (x: number): number => this.#exports.math_sin(x),
    pow: (x: number, y: number): number => this.#exports.math_pow(x, y),
  } as const;

  /** Stops the workers; tensors and plans of this engine cannot be used afterwards. */
  close(): void {
    if (this.#closed) return;
    this.#assertIdle();
    this.#closed = true;
    this.#exports.quiesce();
    this.#exports.stop_team();
    this.#team?.terminate();
  }

  #prepareScratch(steps: readonly Step[]): void {
    this.#ensureScratch(steps.reduce((most, step) => Math.max(most, step.scratchBytes ?? 0), 0));
  }

  #ensureScratch(bytes: number): void {
    if (bytes <= this.#scratch.bytes) return;
    this.#exports.quiesce();
    if (this.#scratch.bytes > 0) this.#heap.free(this.#scratch.address);
    const stride = Math.ceil(bytes / 64) * 64;
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

  #assertIdle(): void {
    this.#assertOpen();
    if (this.#running) throw new Error('engine: used while a plan runs: await plan.run() first');
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
