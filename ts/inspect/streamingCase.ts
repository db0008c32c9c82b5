import type { Engine } from '../kernels/engine.ts';
import type { TimedCase } from './timing.ts';

/** Floats of each of two arrays: more than a last-level cache holds. */
const FLOATS = 1 << 24;
const CHANNELS = 1024;

/** A case that moves bytes. */
export interface StreamingCase extends TimedCase {
  /** Read and written by one run. */
  readonly bytes: number;
  dispose(): void;
}

/** Copying 64 MB from main memory to main memory, by all threads of an engine. */
export function streamingCase(engine: Engine): StreamingCase {
  const [from, to] = [engine.allocate(4 * FLOATS), engine.allocate(4 * FLOATS)];
  const plan = engine.writePlan([
    {
      kernel: 'copy.forward.f32/simd',
      chunks: 8 * engine.threads,
      args: {
        x: { buffer: from, byteOffset: 0 },
        xStride: CHANNELS,
        y: { buffer: to, byteOffset: 0 },
        yStride: CHANNELS,
        pixels: FLOATS / CHANNELS,
        channels: CHANNELS,
      },
    },
  ]);
  return {
    name: 'copy in main memory',
    bytes: 8 * FLOATS,
    run: async () => engine.runPlan(plan),
    dispose: () => {
      engine.freePlan(plan);
      engine.free(from);
      engine.free(to);
    },
  };
}
