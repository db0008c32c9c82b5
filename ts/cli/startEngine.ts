import process from 'node:process';
import { setFlagsFromString } from 'node:v8';
import { init } from '../core/init.ts';
import type { Engine } from '../kernels/engine.ts';
import { probe } from '../kernels/probe.ts';
import { setV8Flag } from '../kernels/v8Flag.ts';
import { REVECTORIZE_FLAG } from '../kernels/pairsVectors.ts';
import type { EngineFlags } from './options.ts';
import { say } from './terminal/say.ts';

/** V8's name for what Node 20 and 21 have but do not offer; it counts for workers too, when set before any compile. */
const RELAXED_FLAG = '--experimental-wasm-relaxed-simd';

/** Node's majors under which all tests pass with V8's vectors paired; `scripts/setup/wasm.mjs` has them, too. */
export const WIDE_NODES: readonly number[] = [24, 26];

/** Makes the engine for a command, with relaxed SIMD and paired vectors also where Node leaves them out unless it is told. */
export async function startEngine({ threads, numerics, simd }: EngineFlags): Promise<Engine> {
  if (numerics !== 'strict') revealRelaxedSimd();
  const pairing = simd !== 128 && switchOnPairing();
  const engine = await init({
    ...(threads !== undefined && { threads }),
    ...(numerics && { numerics }),
    ...(simd !== undefined && { simd }),
    warn: say,
  });
  if (pairing && engine.simd === 256) {
    say(`Node ${nodeMajor()}: SIMD of 256 bits switched on (${REVECTORIZE_FLAG})`);
  }
  return engine;
}

const nodeMajor = (): number => Number(process.versions.node.split('.')[0]);
const isNode = (): boolean => !('deno' in process.versions) && !('bun' in process.versions);

function revealRelaxedSimd(): void {
  const major = nodeMajor();
  if (!isNode() || (major !== 20 && major !== 21) || probe().relaxed) return;
  setFlagsFromString(RELAXED_FLAG);
  if (probe().relaxed) say(`Node ${major}: relaxed SIMD switched on (${RELAXED_FLAG})`);
}

/** Whether vectors are paired from now on and were not before. */
const switchOnPairing = (): boolean =>
  isNode() && WIDE_NODES.includes(nodeMajor()) && setV8Flag(REVECTORIZE_FLAG);
