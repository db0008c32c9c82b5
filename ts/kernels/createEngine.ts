import { reasonOf } from '../base/reasonOf.ts';
import { expectOneOf, expectOptions, type OptionNames } from '../base/settings.ts';
import type { Assets, Build } from './assets.ts';
import { besideCode } from './besideCode.ts';
import { chooseWidth, type Width } from './chooseWidth.ts';
import { cores } from './cores.ts';
import { Engine, type EngineParts, type Numerics } from './engine.ts';
import { hotModules, loadModules, readModules, referenceModules, type Modules } from './modules.ts';
import { mayWait } from './mayWait.ts';
import { extraKernels } from './needsExtra.ts';
import { lackOfThreads, probe, type Features } from './probe.ts';
import { resolveUrl } from './resolveUrl.ts';
import { startTeam } from './team.ts';
import { mayBeWide, type WasmSource } from './wasmSource.ts';

/** How an engine is set up. */
export interface EngineOptions {
  /** Workers that share the work, the caller among them; all cores (at most 8) by default. */
  readonly threads?: number;
  /** `fast` by default: fused multiply-add where the runtime has it (see {@link probe}), and Winograd's algorithms everywhere. */
  readonly numerics?: Numerics;
  /**
   * Bits of the vectors that kernels are written for; the results are the same bits. `auto`, the default, asks the engine by timing two
   * tiny tiles, once per process, and takes 256 where it pairs vectors; 256 is slower where it does not.
   */
  readonly simd?: 'auto' | Width;
  /**
   * Where the WASM builds come from, if not from beside the package's code: the URL of a folder, which ends with `/`, or of one file; its
   * bytes, or the module compiled from them; several of these by the name of their build; or a function that gives the one asked for. Text is
   * relative to the page, in Node, Deno and Bun a path. With a single build `auto` is 128. Ops that no net of the zoo needs want
   * `extra` as well, or `extra-256`: without it they throw when they are used.
   */
  readonly wasmUrl?: WasmSource;
  /** Where `team-worker.js` lies, if not beside the package's code; text is relative as that of `wasmUrl` is. */
  readonly workerUrl?: URL | string;
  /** Told once, and why, when threads cannot be had or their number was changed; console.warn by default. */
  readonly warn?: (message: string) => void;
}

/** More workers than this gain nothing on the networks here. */
const MOST_THREADS = 8;
const INITIAL_PAGES = 64;
/** What a shared memory may grow to, in pages: address space that is reserved at once, which phones may refuse. */
const MOST_PAGES = [65536, 32768, 16384, 8192, 4096];
/** Memory of an engine whose kernels are looked at: 64 MB. */
const CHECK_PAGES = 1024;

/** The build for the numerics and width that this runtime can load. */
export function chooseBuild(
  features: Features,
  numerics: Numerics,
  threads: number,
  simd: Width,
): Build {
  if (!features.simd) throw new Error('init: this runtime has no WebAssembly SIMD');
  const lanes = features.fma && numerics === 'fast' ? 'relaxed' : 'simd';
  const wide = simd === 256 ? '-256' : '';
  return `${lanes}${wide}${threads > 1 && features.threads ? '-threads' : ''}`;
}

/** All of {@link EngineOptions}. */
const OPTIONS: OptionNames<EngineOptions> = {
  threads: 1,
  numerics: 1,
  simd: 1,
  wasmUrl: 1,
  workerUrl: 1,
  warn: 1,
};

/** Threads of an engine that is not told how many. */
export const defaultThreads = (): number => Math.min(cores(), MOST_THREADS);

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
  const wanted = asked ?? defaultThreads();
  if (wanted > available)
    warn(`residua: ${wanted} threads asked for, ${available} used: one per core`);
  const threads = Math.min(wanted, available);
  if (threads > 1 && !features.threads) {
    if (asked !== undefined) {
      warn(`residua: ${asked} threads asked for, 1 used: ${lackOfThreads()}`);
    }
    return 1;
  }
  return threads;
}

/** Looks at the kernels of an engine by the references of another one of the same build, made when it is needed; throws where a value is wrong. */
export type KernelCheck = (engine: Engine, references: () => Engine) => void;

const sharedMemory = (maximum: number): WebAssembly.Memory =>
  new WebAssembly.Memory({ initial: INITIAL_PAGES, maximum, shared: true });

/** A memory for threads, as large as the runtime lets it become; undefined where it gives none. */
function largestMemory(warn: (message: string) => void): WebAssembly.Memory | undefined {
  let refusal: unknown;
  for (const pages of MOST_PAGES) {
    try {
      const memory = sharedMemory(pages);
      if (refusal !== undefined) {
        warn(
          `residua: the runtime reserves no ${sizeOf(MOST_PAGES[0]!)} of address space (${reasonOf(refusal)}): ` +
            `WASM memory can grow to ${sizeOf(pages)}`,
        );
      }
      return memory;
    } catch (error) {
      refusal = error;
    }
  }
  const least = sizeOf(MOST_PAGES.at(-1)!);
  warn(`residua: 1 thread used: no ${least} of shared memory can be had (${reasonOf(refusal)})`);
  return undefined;
}

const sizeOf = (pages: number): string => `${pages / 16} MiB`;

/** An engine before it has a module. */
type Facts = Pick<EngineParts, 'build' | 'numerics' | 'threads'>;

/** Builds whose kernels were found right in this process, with the extra module or without. */
const checked = new Set<string>();

/** Loads a build and lets a check run its kernels, whose code is then what the modules run. */
async function loadChecked(
  facts: Facts,
  assets: Assets,
  loadCheck: (() => Promise<KernelCheck>) | undefined,
): Promise<Modules> {
  const { build, threads } = facts;
  const name = extraKernels() ? `${build} with extra` : build;
  if (!loadCheck || checked.has(name)) return loadModules(build, assets);
  const [read, check] = [await readModules(build, assets), await loadCheck()];
  const alone = (modules: Modules): Engine =>
    new Engine({
      ...facts,
      ...modules,
      threads: 1,
      ...(threads > 1 && { memory: sharedMemory(CHECK_PAGES) }),
    });
  const modules = hotModules(read);
  check(alone(modules), () => alone(referenceModules(read)));
  checked.add(name);
  return modules;
}

/** {@link createEngineFrom} the files beside the package's code. */
export const createEngine = (
  options?: EngineOptions,
  loadCheck?: () => Promise<KernelCheck>,
): Promise<Engine> => createEngineFrom(besideCode, options, loadCheck);

/**
 * Loads the best WASM build for this runtime and starts its workers.
 *
 * @param files what it is made from where the options do not say it
 * @param loadCheck gives what looks at the kernels of a build that `auto` took for pairing vectors
 * @throws RangeError when `threads` is not a whole number of at least 1, or there are no such numerics or width; Error when no build can be
 *   loaded.
 */
export async function createEngineFrom(
  files: Assets,
  options: EngineOptions = {},
  loadCheck?: () => Promise<KernelCheck>,
): Promise<Engine> {
  expectOptions('init', options, OPTIONS);
  const warn = options.warn ?? ((message: string): void => console.warn(message));
  const { numerics = 'fast', simd: asked = 'auto' } = options;
  const assets = chooseAssets(files, options);
  const features = probe();
  expectOneOf('init', 'numerics', numerics, ['strict', 'fast']);
  const wanted = chooseThreads(options, features, warn);
  const memory = wanted > 1 ? largestMemory(warn) : undefined;
  const threads = memory ? wanted : 1;
  const auto = asked === 'auto' && mayBeWide(assets.wasm);
  const simd = asked === 'auto' && !auto ? 128 : chooseWidth(asked, features, numerics);
  const factsOf = (width: Width): Facts => ({
    build: chooseBuild(features, numerics, threads, width),
    numerics,
    threads,
  });
  let facts = factsOf(simd);
  let modules: Modules;
  try {
    const wide = auto && simd === 256;
    modules = await (wide
      ? loadChecked(facts, assets, loadCheck)
      : loadModules(facts.build, assets));
  } catch (error) {
    if (!auto || simd === 128) throw error;
    warn(`residua: SIMD of 128 bits used, not 256: ${reasonOf(error)}`);
    facts = factsOf(128);
    modules = await loadModules(facts.build, assets);
  }
  if (!memory) return new Engine({ ...facts, ...modules });
  return startTogether({ ...facts, ...modules, memory }, assets, warn);
}

/** What the options say, and the rest of `files`. */
function chooseAssets(files: Assets, { wasmUrl, workerUrl }: EngineOptions): Assets {
  const { worker } = files;
  return {
    ...(wasmUrl === undefined ? files : { wasm: wasmUrl }),
    worker: workerUrl === undefined ? worker : { url: () => resolveUrl(workerUrl) },
  };
}

/** An engine with a team of workers; with the calling thread alone, and a warning that says why, where they do not start. */
async function startTogether(
  parts: EngineParts & { readonly memory: WebAssembly.Memory },
  { worker }: Assets,
  warn: (message: string) => void,
): Promise<Engine> {
  const { threads, memory } = parts;
  const engine = new Engine(parts);
  try {
    engine.attach(await startTeam(parts, memory, threads, !mayWait(), worker));
    return engine;
  } catch (error) {
    engine.close();
    warn(`residua: 1 thread used, not ${threads}: ${reasonOf(error)}`);
    // Some of the workers may still come to know the first memory.
    return new Engine({ ...parts, threads: 1, memory: largestMemory(() => undefined) ?? memory });
  }
}
