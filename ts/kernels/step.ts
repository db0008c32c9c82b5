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

/** Numbers that a kernel reads and that never change; they lie in memory beside the step. */
export type Table = Int32Array | Float32Array;

/** How a step is cut for one worker: chunks must not repeat each other's work there, and need not be many. */
export interface OneWorker {
  readonly chunks: number;
  readonly args?: Readonly<Record<string, number>>;
  readonly scratchBytes?: number;
}

/** What a kernel is given for one of its arguments. */
export type Argument = number | Pointer | Table | null;

/** Whether an argument is a table. */
export const isTable = (argument: Argument | undefined): argument is Table =>
  ArrayBuffer.isView(argument);

/** A kernel and what it is given. Argument names are those of the Rust struct, in camelCase. */
export interface Call {
  /** Row of the kernel table, for example `relu.forward.f32/simd`. */
  readonly kernel: string;
  /** Numbers (u32, i32 or f32 as the kernel's signature says), pointers, tables to point at, or null for an absent pointer. */
  readonly args: Readonly<Record<string, Argument>>;
}

/** One kernel call, cut into chunks that any worker may take. */
export interface Step extends Call {
  /** Never depends on the number of threads. */
  readonly chunks: number;
  /** What is different where there is one worker only; the bits do not depend on it. */
  readonly oneWorker?: OneWorker;
  /** Scratch memory that each worker needs for it; 0 by default. */
  readonly scratchBytes?: number;
  /** Whether the kernel tells which pixels and channels of its output are written as it goes on. */
  readonly tells?: boolean;
  /** What works on those, where it does. */
  readonly then?: Call;
}

/** The calls that a step is made of. */
export const callsOf = (step: Step): Call[] => (step.then ? [step, step.then] : [step]);
