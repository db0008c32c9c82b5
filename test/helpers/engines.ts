import { setFlagsFromString } from 'node:v8';
import type { Build } from '../../ts/kernels/assets.ts';
import { Engine, type Numerics } from '../../ts/kernels/engine.ts';
import { loadModule } from '../../ts/kernels/loadModule.ts';
import { probe } from '../../ts/kernels/probe.ts';
import { startTeam } from '../../ts/kernels/team.ts';

// Node 20 has relaxed SIMD behind this flag, which counts before the first compilation only.
if (Number(process.versions.node.split('.')[0]) < 22) {
  setFlagsFromString('--experimental-wasm-relaxed-simd');
}

const features = probe();
/** The four builds. */
export const allBuilds: readonly Build[] = ['simd', 'relaxed', 'simd-threads', 'relaxed-threads'];

/** Why this runtime cannot load a build; undefined when it can. */
export function missing(build: Build): string | undefined {
  if (build.startsWith('relaxed') && !features.relaxed) return 'no relaxed SIMD here';
  if (build.endsWith('threads') && !features.threads) return 'no shared memory here';
  return undefined;
}

/** The builds that this runtime can load. */
export const builds = allBuilds.filter((build) => !missing(build));

/** The numerics that an engine is asked for when it takes a build. */
export const numericsOf = (build: Build): Numerics =>
  build.startsWith('relaxed') ? 'fast' : 'strict';

/** How {@link engineOn} makes an engine. */
export interface EngineOnOptions {
  readonly threads?: number;
  readonly numerics?: Numerics;
  /** A worker leads, as where this thread may not wait: runs take time. False by default. */
  readonly remote?: boolean;
}

/** An engine on exactly this build; those with threads have a team, whatever the number of cores. */
export async function engineOn(
  build: Build,
  { threads = 2, numerics = numericsOf(build), remote = false }: EngineOnOptions = {},
): Promise<Engine> {
  const module = await loadModule(build);
  if (!build.endsWith('threads')) return new Engine({ build, numerics, threads: 1, module });
  const memory = new WebAssembly.Memory({ initial: 64, maximum: 65536, shared: true });
  const engine = new Engine({ build, numerics, threads, module, memory });
  engine.attach(await startTeam(module, memory, threads, remote));
  return engine;
}
