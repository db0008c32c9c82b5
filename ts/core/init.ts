import type { Assets } from '../kernels/assets.ts';
import { besideCode } from '../kernels/besideCode.ts';
import { createEngineFrom, type EngineOptions } from '../kernels/createEngine.ts';
import type { Engine } from '../kernels/engine.ts';
import { canOptimiseAtOnce } from '../kernels/optimiseAtOnce.ts';

let current: Engine | undefined;

/** Loads the check of kernels where it finds optimised code to look at; a page never does. */
const loadCheck = canOptimiseAtOnce()
  ? async () => (await import('../selfCheck/checkKernels.ts')).checkKernels
  : undefined;

/**
 * Loads the WASM build that suits this runtime and makes its engine the current one, on which tensors are created.
 * A second call makes a second engine; tensors and plans keep the engine they were made on.
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
  current = await createEngineFrom(files, options, loadCheck);
  return current;
}

/** The engine that new tensors belong to. Throws when there is none yet. */
export function currentEngine(): Engine {
  if (!current) throw new Error('residua: no engine yet: call await init() first');
  return current;
}

/** Makes an engine from {@link init} the current one again. */
export function useEngine(engine: Engine): void {
  current = engine;
}
