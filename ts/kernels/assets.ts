import type { WasmSource } from './wasmSource.ts';

/** The WASM builds: {plain SIMD, relaxed FMA} × {vectors of 128 bits, pairs of them} × {one thread, shared memory}. */
export type Build = `${'simd' | 'relaxed'}${'' | '-256'}${'' | '-threads'}`;

/** The modules of kernels that no net of the zoo needs: for engines of 128 bits, with or without threads, and of 256. */
export type ExtraBuild = 'extra' | 'extra-256';

/** A WASM file of the package. */
export type WasmName = Build | ExtraBuild;

/** The script that a worker of the team runs. */
export interface WorkerScript {
  url(): URL;
  /** Starts it as a browser does, where that is another way than by its URL. */
  start?(): Worker;
}

/** What an engine is made from. */
export interface Assets {
  readonly wasm: WasmSource;
  readonly worker: WorkerScript;
  /** What to do where a build is not found. */
  advice?(): string;
}
