import process from 'node:process';
import { setFlagsFromString } from 'node:v8';
import { init } from '../current.ts';
import type { Engine } from '../kernels/engine.ts';
import { probe } from '../kernels/probe.ts';
import type { EngineFlags } from './options.ts';
import { say } from './say.ts';

/** V8's name for what Node 20 and 21 have but do not offer; it counts for workers too, when set before any compile. */
const RELAXED_FLAG = '--experimental-wasm-relaxed-simd';

/** Makes the engine for a command, with relaxed SIMD also where Node hides it. */
export async function startEngine({ threads, numerics }: EngineFlags): Promise<Engine> {
  if (numerics !== 'strict') revealRelaxedSimd();
  return init({
    ...(threads !== undefined && { threads }),
    ...(numerics && { numerics }),
    warn: say,
  });
}

function revealRelaxedSimd(): void {
  const major = Number(process.versions.node.split('.')[0]);
  const isNode = !('deno' in process.versions) && !('bun' in process.versions);
  if (!isNode || (major !== 20 && major !== 21) || probe().relaxed) return;
  setFlagsFromString(RELAXED_FLAG);
  if (probe().relaxed) say(`Node ${major}: relaxed SIMD switched on (${RELAXED_FLAG})`);
}
