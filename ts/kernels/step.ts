/** A piece of WASM memory. Whoever runs or plans the steps gives it an address; until then it is only a name. */
export interface Buffer {
  readonly bytes: number;
  address?: number;
}

/** A place inside a buffer. */
export interface Pointer {
  readonly buffer: Buffer;
  readonly byteOffset: number;
}

/** One kernel call, cut into chunks that any worker may take. Argument names are those of the Rust struct, in camelCase. */
export interface Step {
  /** Row of the kernel table, for example `relu.forward.f32/simd`. */
  readonly kernel: string;
  /** Numbers (u32, i32 or f32 as the kernel's signature says), pointers, or null for an absent pointer. */
  readonly args: Readonly<Record<string, number | Pointer | null>>;
  /** Never depends on the number of threads. */
  readonly chunks: number;
  /** Chunks where there is one worker only: fewer, where chunks repeat each other's work and the bits do not depend on the cut. */
  readonly chunksAlone?: number;
  /** Scratch memory that each worker needs for it; 0 by default. */
  readonly scratchBytes?: number;
}
