import { setFlagsFromString } from 'node:v8';
import type { Build } from '../../ts/kernels/assets.ts';
import { besideCode } from '../../ts/kernels/besideCode.ts';
import { Engine, type Numerics } from '../../ts/kernels/engine.ts';
import { loadModules } from '../../ts/kernels/modules.ts';
import { probe } from '../../ts/kernels/probe.ts';
import { startTeam } from '../../ts/kernels/team.ts';

// Node 20 has relaxed SIMD behind this flag, which counts before the first compilation only.
if (Number(process.versions.node.split('.')[0]) < 22) {
  setFlagsFromString('--experimental-wasm-relaxed-simd');
}

/** V8's flag that makes pairs of 128-bit vectors one of 256 bits, in optimised code alone. */
export const PAIRS_FLAG = '--experimental-wasm-revectorize';

/** Whether this run asks for pairs, in code that is optimised from the first call on. */
export const pairs = [PAIRS_FLAG, '--no-liftoff'].every((flag) => process.execArgv.includes(flag));

const features = probe();

/** The builds of each width, by the name of the one that has the same lanes and threads at 128 bits. */
export const widths = {
  simd: { 128: 'simd', 256: 'simd-256' },
  relaxed: { 128: 'relaxed', 256: 'relaxed-256' },
  'simd-threads': { 128: 'simd-threads', 256: 'simd-256-threads' },
  'relaxed-threads': { 128: 'relaxed-threads', 256: 'relaxed-256-threads' },
} as const satisfies Readonly<Record<string, Readonly<Record<128 | 256, Build>>>>;

/** Every build. */
export const allBuilds: readonly Build[] = Object.values(widths).flatMap((both) => [
  both[128],
  both[256],
]);

/** Why this runtime cannot load a build; undefined when it can. */
export function missing(build: Build): string | undefined {
  if (build.startsWith('relaxed') && !features.relaxed) return 'no relaxed SIMD here';
  if (build.endsWith('threads') && !features.threads) return 'no shared memory here';
  return undefined;
}

/** The builds that this runtime can load; those of pairs are right everywhere, and slow where it does not pair. */
export const loadable = allBuilds.filter((build) => !missing(build));

/** The builds that this runtime takes by itself. */
export const builds = loadable.filter((build) => pairs || !build.includes('-256'));

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
  const modules = await loadModules(build, besideCode);
  if (!build.endsWith('threads')) return new Engine({ build, numerics, threads: 1, ...modules });
  const memory = new WebAssembly.Memory({ initial: 64, maximum: 65536, shared: true });
  const engine = new Engine({ build, numerics, threads, ...modules, memory });
  engine.attach(await startTeam(modules, memory, threads, remote, besideCode.worker));
  return engine;
}
