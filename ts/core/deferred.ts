import type { Engine } from '../kernels/engine.ts';
import type { Pointer } from '../kernels/step.ts';

/** Where the values of a deferred tensor come from, as often as they are asked for: always the same bits. */
export interface Source {
  /** Writes all values, row-major, to a place in WASM memory. Throws when they cannot be had any more. */
  write(engine: Engine, to: Pointer): void;
  /** {@link write} for a convolution's weight, `[O, C/groups, KH, KW]` as PyTorch has it: where the values lie like this. */
  writeOutputsFirst?(engine: Engine, to: Pointer): void;
  /** The values of these indices of the last axis alone, `[…, indices.length]`, where that is cheaper than all of them. */
  columns?(indices: readonly number[]): Float32Array;
}

/** A source, and the engine on which its values are wanted. */
export interface Deferred {
  readonly engine: Engine;
  readonly source: Source;
}
