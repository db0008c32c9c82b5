import type { Value } from './graph.ts';
import type { Engine } from './kernels/engine.ts';
import type { Buffer } from './kernels/step.ts';
import type { View } from './ops/op.ts';
import { enterScope, leaveScope } from './scope.ts';
import { channelsOf, formatShape, sizeOf, type DType, type Shape, type Spec } from './shape.ts';
import type { TapeEntry } from './tape.ts';

(Symbol as { dispose?: symbol }).dispose ??= Symbol('Symbol.dispose');

/** Memory on an engine. */
export interface Stored {
  readonly engine: Engine;
  readonly buffer: Required<Buffer>;
}

/**
 * Frees the memory of tensors that were dropped without dispose. It must not hold the engine: a tensor that lives as long
 * as its engine, such as dropout's state, would keep both.
 */
const dropped = new FinalizationRegistry<{ engine: WeakRef<Engine>; buffer: Buffer }>(
  ({ engine, buffer }) => engine.deref()?.free(buffer),
);

/**
 * An array of numbers in WASM memory, images as `[N, H, W, C]`; or, while a graph is captured, a symbol without values.
 *
 * A tensor is freed by {@link Tensor.dispose}, at the end of the `using` block or `scope` it was made in, or at last
 * by the garbage collector.
 */
export class Tensor implements Spec, Disposable {
  readonly shape: Shape;
  readonly dtype: DType;
  /** Gradients flow to it: a parameter, or the result of an op on one. */
  requiresGrad = false;
  /** How it was made, while gradients are recorded. */
  creator: TapeEntry | undefined;
  /** Goes up with each write; plans that packed a weight look at it. */
  version = 0;
  /** What it is in the graph under capture. */
  readonly value: Value | undefined;
  #stored: Stored | undefined;

  /** For the interpreters; users call `tensor`, `zeros` or an op. */
  constructor(spec: Spec, home: Stored | Value, kept = false) {
    this.shape = spec.shape;
    this.dtype = spec.dtype;
    if ('engine' in home) {
      this.#stored = home;
      const { engine, buffer } = home;
      dropped.register(this, { engine: new WeakRef(engine), buffer }, this);
      if (!kept) enterScope(this);
    } else {
      this.value = home;
    }
  }

  /** Whether its memory has been freed. */
  get disposed(): boolean {
    return this.value === undefined && this.#stored === undefined;
  }

  /** Where its values are. Throws while a graph is captured and after dispose. */
  get stored(): Stored {
    if (this.value) {
      throw new Error(
        'capture: a value was read while a graph is captured: it has none until the plan runs',
      );
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
    const { engine } = this.stored;
    return engine.read(this.view.pointer, sizeOf(this.shape), this.dtype);
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

  /** Overwrites all elements in row-major order. Throws RangeError when the counts differ. */
  write(values: ArrayLike<number>): void {
    const size = sizeOf(this.shape);
    if (values.length !== size) {
      throw new RangeError(
        `write: ${values.length} values for tensor ${formatShape(this.shape)} of ${size}`,
      );
    }
    const { engine } = this.stored;
    const type = this.dtype === 'f32' ? Float32Array : Int32Array;
    engine.write(this.view.pointer, values instanceof type ? values : type.from(values));
    this.version++;
  }

  /** Frees its memory; a second call does nothing. */
  dispose(): void {
    const stored = this.#stored;
    if (!stored) return;
    this.#stored = undefined;
    this.creator = undefined;
    dropped.unregister(this);
    leaveScope(this);
    stored.engine.free(stored.buffer);
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  toString(): string {
    return `Tensor${formatShape(this.shape)} ${this.dtype}`;
  }
}
