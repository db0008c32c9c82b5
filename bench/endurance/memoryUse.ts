import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Engine } from '../../ts/kernels/engine.ts';

/** Memory in use after garbage collection, in bytes. */
export interface MemoryUse {
  /** Size of the engine's WASM memory, which never shrinks. */
  readonly wasm: number;
  /** What tensors and plans hold of it. */
  readonly used: number;
  readonly heap: number;
  /** Of the whole process. */
  readonly rss: number;
}

/** Collects garbage, lets finalizers run, and measures. */
export async function memoryUse(engine: Engine): Promise<MemoryUse> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  for (let i = 0; i < 4; i++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const { heapUsed, rss } = process.memoryUsage();
  return { wasm: engine.memoryBytes, used: engine.usedBytes, heap: heapUsed, rss };
}
