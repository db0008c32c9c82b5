import { outputsFirst } from '../base/outputsFirst.ts';
import { formatValues } from '../base/formatValues.ts';
import { dispose } from '../base/symbols.ts';
import type { Value } from './graph.ts';
import type { Engine } from '../kernels/engine.ts';
import type { Buffer, Pointer } from '../kernels/step.ts';
import type { View } from '../ops/op.ts';
import { enterScope, leaveScope } from './scope.ts';
import {
  bytesOf,
  channelsOf,
  formatShape,
  sizeOf,
  type DType,
  type Shape,
  type Spec,
} from '../base/shape.ts';
import type { Deferred, Source } from './deferred.ts';
import type { TapeEntry } from './tape.ts';
import { typed } from '../base/values.ts';

/** Memory on an engine. */
export interface Stored {
  readonly engine: Engine;
  readonly buffer: Required<Buffer>;
}

/**
 * An array of numbers in WASM memory, images as `[N, H, W, C]`; or, while a graph is captured, a symbol without values.
 *
 * A *deferred* tensor takes no WASM memory: its values lie in a file, or come from a seed. Reading them leaves it so, a
 * plan that packs them does, too; the first op, or plan, that works on the tensor itself, and every write, makes it
 * an ordinary one for good.
 *
 * A tensor is freed by {@link Tensor.dispose}, at the end of the `using` block or `scope` it was made in, or at last
 * by the garbage collector.
 */
export class Tensor implements Spec, Disposable {
  readonly shape: Shape;
  readonly dtype: DType;
  /** How it was made, while gradients are recorded. */
  creator: TapeEntry | undefined;
  /** Goes up with each write; plans that packed a weight look at it. */
  version = 0;
  /** What it is in the graph under capture. */
  readonly value: Value | undefined;
  #requiresGrad = false;
  #trainable = false;
  #stored: Stored | undefined;
  #deferred: Deferred | undefined;

  /** For the interpreters; users call `tensor`, `zeros` or an op. */
  constructor(spec: Spec, home: Stored | Deferred | Value, kept = false) {
    this.shape = spec.shape;
    this.dtype = spec.dtype;
    if ('kind' in home) {
      this.value = home;
      return;
    }
    if ('source' in home) this.#deferred = home;
    else this.#keep(home);
    if (!kept) enterScope(this);
  }

  /** Gradients flow to it: a parameter, or the result of an op on one. */
  get requiresGrad(): boolean {
    return this.#requiresGrad;
  }

  set requiresGrad(value: boolean) {
    this.#requiresGrad = value;
    this.#trainable ||= value;
  }

  /** Gradients flow to it, or have done so before it was frozen: what tells a frozen weight from a running statistic. */
  get trainable(): boolean {
    return this.#trainable;
  }

  /** Whether its memory has been freed. */
  get disposed(): boolean {
    return this.value === undefined && this.#stored === undefined && this.#deferred === undefined;
  }

  /** Whether its values lie where they come from as PyTorch has a convolution's weight, `[O, C/groups, KH, KW]`. */
  get outputsFirst(): boolean {
    return this.#deferred?.source.writeOutputsFirst !== undefined;
  }

  /** Whether its values are still where they come from, and take no WASM memory. */
  get deferred(): boolean {
    return this.#deferred !== undefined;
  }

  /** Where it lives. Throws while a graph is captured and after dispose. */
  get engine(): Engine {
    return (this.#deferred ?? this.stored).engine;
  }

  /** Where its values are; a deferred tensor gets memory. Throws while a graph is captured and after dispose. */
  get stored(): Stored {
    if (this.value) {
      throw new Error(
        'capture: a value was read while a graph is captured: it has none until the plan runs',
      );
    }
    if (this.#deferred) {
      const { engine, source } = this.#deferred;
      this.#keep(this.#allocate(engine, (to) => source.write(engine, to)));
    }
    if (!this.#stored)
      throw new Error(`tensor: ${formatShape(this.shape)} was used after dispose()`);
    return this.#stored;
  }

  /** As kernels see it. */
  get view(): View {
    const { buffer } = this.stored;
    const pointer = { buffer, byteOffset: 0 };
    return { shape: this.shape, dtype: this.dtype, pointer, stride: channelsOf(this.shape) };
  }

  /** A copy of all elements in row-major order. */
  data(): Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer> {
    const size = sizeOf(this.shape);
    if (!this.#deferred) {
      const { engine } = this.stored;
      return engine.read(this.view.pointer, size, this.dtype);
    }
    const { engine, source } = this.#deferred;
    const { buffer } = this.#allocate(engine, (to) => source.write(engine, to));
    try {
      return engine.read({ buffer, byteOffset: 0 }, size, this.dtype);
    } finally {
      engine.free(buffer);
    }
  }

  /**
   * Copies all elements to another place of its engine's memory, a convolution's weight as `[O, C/groups, KH, KW]` if asked;
   * a deferred tensor stays one.
   */
  copyTo(to: Pointer, turned = false): void {
    const { engine } = this;
    const source = this.#deferred?.source;
    if (turned && source?.writeOutputsFirst) source.writeOutputsFirst(engine, to);
    else if (turned) {
      const [inputs, outputs] = this.shape.slice(-2) as [number, number];
      engine.write(to, outputsFirst(this.data() as Float32Array, inputs, outputs));
    } else if (source) source.write(engine, to);
    else this.stored.engine.copy(this.view.pointer, to, bytesOf(this));
  }

  /** The elements of these indices of the last axis, `[…, indices.length]`; a deferred tensor stays one. */
  columns(indices: readonly number[]): Float32Array {
    const found = this.#deferred?.source.columns?.(indices);
    if (found) return found;
    const data = this.data();
    const channels = channelsOf(this.shape);
    const count = indices.length;
    return Float32Array.from(
      { length: (data.length / channels) * count },
      (_, i) => data[Math.floor(i / count) * channels + indices[i % count]!]!,
    );
  }

  /** The only element. Throws RangeError when there are more. */
  item(): number {
    if (sizeOf(this.shape) !== 1) {
      throw new RangeError(
        `item: tensor ${formatShape(this.shape)} has ${sizeOf(this.shape)} elements, not 1`,
      );
    }
    return this.data()[0]!;
  }

  /** Overwrites all elements in row-major order. Throws RangeError when the counts differ, or a value is no number. */
  write(values: ArrayLike<number>): void {
    const size = sizeOf(this.shape);
    if (values.length !== size) {
      throw new RangeError(
        `write: ${values.length} values for tensor ${formatShape(this.shape)} of ${size}`,
      );
    }
    // Typed arrays hold numbers; counters come as floats from some files.
    const type = this.dtype === 'f32' ? Float32Array : Int32Array;
    const checked =
      values instanceof Float32Array || values instanceof Int32Array
        ? values instanceof type
          ? values
          : type.from(values)
        : typed('write', values, this.dtype);
    if (this.#deferred) {
      const { engine } = this.#deferred;
      this.#keep(this.#allocate(engine, (to) => engine.write(to, checked)));
    } else {
      const { engine } = this.stored;
      engine.write(this.view.pointer, checked);
    }
    this.version++;
  }

  /**
   * Takes all elements from a source: at once where it has memory, which plans may work on, else not before they are
   * needed.
   */
  take(source: Source): void {
    if (this.#deferred) this.#deferred = { engine: this.#deferred.engine, source };
    else source.write(this.stored.engine, this.view.pointer);
    this.version++;
  }

  /** Frees its memory; a second call does nothing. */
  dispose(): void {
    if (this.disposed || this.value) return;
    const stored = this.#stored;
    this.#stored = undefined;
    this.#deferred = undefined;
    this.creator = undefined;
    leaveScope(this);
    stored?.engine.free(stored.buffer);
  }

  [dispose](): void {
    this.dispose();
  }

  /** Memory for it that `fill` has written; none is taken when that throws. */
  #allocate(engine: Engine, fill: (to: Pointer) => void): Stored {
    const buffer = engine.allocate(bytesOf(this), this);
    try {
      fill({ buffer, byteOffset: 0 });
    } catch (error) {
      engine.free(buffer);
      throw error;
    }
    return { engine, buffer };
  }

  /** Has its values there from now on. */
  #keep(stored: Stored): void {
    this.#stored = stored;
    this.#deferred = undefined;
  }

  /** Shape, type and values, abbreviated. Values that lie in a file or come from a seed are not read for it. */
  toString(): string {
    const head = `Tensor${formatShape(this.shape)} ${this.dtype}`;
    if (this.value) return `${head}, of a graph that is captured`;
    if (this.disposed) return `${head}, disposed`;
    if (this.deferred) return `${head}, not read yet`;
    const { engine, buffer } = this.stored;
    if (engine.closed) return `${head}, of an engine that was closed`;
    const values = formatValues(this.shape, (index, count) =>
      engine.read({ buffer, byteOffset: 4 * index }, count, this.dtype),
    );
    return `${head}${this.shape.length > 1 ? '\n' : ' '}${values}`;
  }

  /** What `console.log(tensor)` shows in Node. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }

  /** What `console.log(tensor)` shows in Deno. */
  [Symbol.for('Deno.customInspect')](): string {
    return this.toString();
  }
}
