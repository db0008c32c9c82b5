import type { Example } from '../network/exampleFile.ts';
import type { Simd } from '../../simd.ts';
import type { Workload } from '../workload.ts';

/** What a process is told to run. */
export interface Job extends Workload {
  /** Folder of `example.safetensors`, `network.safetensors`, `weights.safetensors` and the files made of them. */
  readonly files: string;
  /** Width that our engine is asked for; `auto` by default. */
  readonly simd?: Simd;
}

/** A network that a runtime holds ready. */
export interface Loaded {
  /** Runs it once: logits `[N · classes]` of an inference, the loss of a training step. */
  run(): Promise<Float32Array | number>;
  /** Version of the runtime, and what was chosen where it offers a choice. */
  readonly facts: string;
  /** Bits of the vectors of our build. */
  readonly simd?: 128 | 256;
  /** Milliseconds of what was done until here, by what it was; of this project alone. */
  readonly phases?: Readonly<Record<string, number>>;
}

/** Makes a network ready to run in this process. */
export type Runtime = (job: Job, example: Example) => Promise<Loaded>;
