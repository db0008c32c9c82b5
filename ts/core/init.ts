import type { Assets } from '../kernels/assets.ts';
import { besideCode } from '../kernels/besideCode.ts';
import { createEngineFrom, defaultThreads, type EngineOptions } from '../kernels/createEngine.ts';
import type { Engine } from '../kernels/engine.ts';
import { extraKernels } from '../kernels/needsExtra.ts';
import { canOptimiseAtOnce } from '../kernels/optimiseAtOnce.ts';

/** An engine, made or in the making, and what it was asked for with. */
interface Made {
  readonly asked: readonly unknown[];
  readonly engine: Promise<Engine>;
  /** Once it is made. */
  ready?: Engine;
}

let current: Engine | undefined;
let made: readonly Made[] = [];

/** Loads the check of kernels where it finds optimised code to look at; a page never does. */
const loadCheck = canOptimiseAtOnce()
  ? async () => (await import('../selfCheck/checkKernels.ts')).checkKernels
  : undefined;

/**
 * Loads the WASM build that suits this runtime and makes its engine the current one, on which tensors are created.
 * The same options again give the engine that there is, unless it was closed or a worker of it has ended; other options make another
 * engine. Tensors, models and plans keep the engine they were made on; {@link useEngine} makes an engine the current one again.
 *
 * @throws RangeError when `threads` is not a whole number of at least 1 or `simd` no width; Error when no build can be loaded.
 * @example
 * import { init } from 'residua';
 *
 * const engine = await init({ threads: 1 });
 * console.log(engine.build, engine.threads);
 */
export function init(options: EngineOptions = {}): Promise<Engine> {
  return initFrom(besideCode, options);
}

/** {@link init} with files that are not beside the package's code. */
export async function initFrom(files: Assets, options: EngineOptions): Promise<Engine> {
  // An op of the extra module that was imported since wants an engine that has it.
  const asked = [files, extraKernels(), ...factsOf(options)];
  made = made.filter(({ ready }) => !ready || !(ready.closed || ready.failure));
  let found = made.find((one) => one.asked.every((fact, i) => fact === asked[i]));
  if (!found) {
    const making: Made = { asked, engine: createEngineFrom(files, options, loadCheck) };
    made = [...made, making];
    making.engine.then(
      (engine) => (making.ready = engine),
      () => (made = made.filter((one) => one !== making)),
    );
    found = making;
  }
  current = await found.engine;
  return current;
}

/** What makes one engine differ from another, with defaults. */
function factsOf(options: EngineOptions): readonly unknown[] {
  const { threads = defaultThreads(), numerics = 'fast', simd = 'auto' } = options;
  const place = (url: unknown): unknown => (url instanceof URL ? url.href : url);
  return [threads, numerics, simd, place(options.wasmUrl), place(options.workerUrl)];
}

/** The engine that new tensors belong to. Throws when there is none yet, or when it was closed. */
export function currentEngine(): Engine {
  if (!current) throw new Error('residua: no engine yet: call await init() first');
  if (current.closed) {
    throw new Error(
      'residua: the current engine was closed: call await init() for another, on which models, predictors and trainers have to be ' +
        'made anew, or useEngine() with one that is open',
    );
  }
  return current;
}

/** Makes an engine from {@link init} the current one again. */
export function useEngine(engine: Engine): void {
  current = engine;
}

/** Runs `fn` with this engine as the current one. */
export function onEngine<T>(engine: Engine, fn: () => T): T {
  const outer = current;
  current = engine;
  try {
    return fn();
  } finally {
    current = outer;
  }
}
