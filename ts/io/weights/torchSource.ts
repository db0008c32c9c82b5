import type { Engine } from '../../kernels/engine.ts';
import type { Pointer } from '../../kernels/step.ts';
import { sizeOf, type Shape } from '../../base/shape.ts';
import type { Source } from '../../core/deferred.ts';
import type { StoredValues } from '../safetensors/storedValues.ts';
import { fromTorchRows, ROWS, torchExtents } from '../torchLayout.ts';

/** Floats that are converted together, where the file has others. */
const PIECE = 1 << 16;

/** A weight whose values lie in a file in PyTorch's layout, outputs first: they are turned as they are read, unless outputs are wanted first. */
export class TorchSource implements Source {
  readonly #values: StoredValues;
  readonly #shape: Shape;

  /** `shape` is that of a convolution or a linear layer in PyTorch. */
  constructor(values: StoredValues, shape: Shape) {
    this.#values = values;
    this.#shape = shape;
  }

  writeOutputsFirst(engine: Engine, to: Pointer): void {
    const size = sizeOf(this.#shape);
    engine.fill(to, size, (floats) => {
      for (let first = 0; first < size; first += PIECE) {
        floats.set(this.#values.floats(first, Math.min(PIECE, size - first)), first);
      }
    });
  }

  write(engine: Engine, to: Pointer): void {
    const [outputs, inputs, taps] = torchExtents(this.#shape);
    const row = inputs * taps;
    engine.fill(to, sizeOf(this.#shape), (floats) => {
      for (let first = 0; first < outputs; first += ROWS) {
        const count = Math.min(ROWS, outputs - first);
        const rows = this.#values.floats(first * row, count * row);
        fromTorchRows(rows, { count, inputs, taps }, floats, { first, outputs });
      }
    });
  }

  columns(indices: readonly number[]): Float32Array {
    const [, inputs, taps] = torchExtents(this.#shape);
    const [row, outputs] = [inputs * taps, indices.length];
    const floats = new Float32Array(row * outputs);
    indices.forEach((output, first) => {
      const rows = this.#values.floats(output * row, row);
      fromTorchRows(rows, { count: 1, inputs, taps }, floats, { first, outputs });
    });
    return floats;
  }
}
