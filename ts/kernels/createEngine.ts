import type { Build } from './assets.ts';
import { cores } from './cores.ts';
import { Engine, type Numerics } from './engine.ts';
import { loadModule } from './loadModule.ts';
import { mayWait } from './mayWait.ts';
import { probe, type Features } from './probe.ts';
import { startTeam } from './team.ts';

/** How an engine is set up. */
export interface EngineOptions {
  /** Workers that share the work, the caller among them; all cores (at most 8) by default. */
  readonly threads?: number;
  /** `fast` by default: fused multiply-add where the runtime has it (see {@link probe}), and Winograd's algorithms everywhere. */
  readonly numerics?: Numerics;
  /** Where the WASM file of the chosen build lies, if not beside the package's code. */
  readonly wasmUrl?: URL | string;
  /** Where `team-worker.js` lies, if not beside the package's code. */
  readonly workerUrl?: URL | string;
  /** Told once when threads were asked for and cannot be had, or when their number was changed; console.warn by default. */
  readonly warn?: (message: string) => void;
}

/** More workers than this gain nothing on the networks here. */
const MOST_THREADS = 8;
const INITIAL_PAGES = 64;
const MOST_PAGES = 65536;

/** Builds this runtime can load for the numerics, best first. */
export function chooseBuild(features: Features, numerics: Numerics, threads: number): Build {
  if (!features.simd) throw new Error('init: this runtime has no WebAssembly SIMD');
  const lanes = features.fma && numerics === 'fast' ? 'relaxed' : 'simd';
  return threads > 1 && features.threads ? `${lanes}-threads` : lanes;
}

function chooseThreads(
  options: EngineOptions,
  features: Features,
  warn: (message: string) => void,
): number {
  const available = cores();
  const asked = options.threads;
  if (asked !== undefined && (!Number.isInteger(asked) || asked < 1)) {
    throw new RangeError(`init: threads is ${asked} but must be a whole number of at least 1`);
  }
  const wanted = asked ?? Math.min(available, MOST_THREADS);
  if (wanted > available)
    warn(`residua: ${wanted} threads asked for, ${available} used: one per core`);
  const threads = Math.min(wanted, available);
  if (threads > 1 && !features.threads) {
    if (asked !== undefined) {
      warn(
        `residua: ${asked} threads asked for, 1 used: shared memory is not available here ` +
          '(a page must be cross-origin isolated: https://web.dev/articles/coop-coep)',
      );
    }
    return 1;
  }
  return threads;
}

/**
 * Loads the best WASM build for this runtime and starts its workers.
 *
 * @throws RangeError when `threads` is not a whole number of at least 1; Error when no build can be loaded.
 */
export async function createEngine(options: EngineOptions = {}): Promise<Engine> {
  const warn = options.warn ?? ((message: string): void => console.warn(message));
  const features = probe();
  const numerics = options.numerics ?? 'fast';
  const threads = chooseThreads(options, features, warn);
  const build = chooseBuild(features, numerics, threads);
  const module = await loadModule(build, options.wasmUrl);
  if (threads === 1) return new Engine({ build, numerics, threads, module });
  const memory = new WebAssembly.Memory({
    initial: INITIAL_PAGES,
    maximum: MOST_PAGES,
    shared: true,
  });
  const engine = new Engine({ build, numerics, threads, module, memory });
  const workerUrl =
    options.workerUrl === undefined ? undefined : new URL(options.workerUrl, import.meta.url);
  engine.attach(await startTeam(module, memory, threads, !mayWait(), workerUrl));
  return engine;
}
