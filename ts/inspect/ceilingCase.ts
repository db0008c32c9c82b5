import type { Engine } from '../kernels/engine.ts';
import type { BenchCase } from './benchCase.ts';

const CEILING_ROUNDS = 20_000;
/** Independent multiply-adds of a round. */
const SUMS = 12;
/** Floats that a chunk writes. */
const FLOATS = 8;

/** The multiply-add ceiling of an engine's threads as a case. */
export function ceilingCase(engine: Engine): BenchCase {
  const chunks = 8 * engine.threads;
  const buffer = engine.allocate(4 * FLOATS * chunks);
  const plan = engine.writePlan([
    {
      kernel: 'ceiling.fma.f32/simd',
      chunks,
      args: { y: { buffer, byteOffset: 0 }, rounds: CEILING_ROUNDS },
    },
  ]);
  return {
    engine,
    name: 'multiply-add on registers',
    pass: 'ceiling',
    facts: {},
    flops: chunks * CEILING_ROUNDS * SUMS * 2 * (engine.simd / 32),
    run: async () => engine.runPlan(plan),
    dispose: () => {
      engine.freePlan(plan);
      engine.free(buffer);
    },
  };
}
