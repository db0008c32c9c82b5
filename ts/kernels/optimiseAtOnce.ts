import { canSetV8Flags, setV8Flag } from './v8Flag.ts';

const SYNCHRONOUS = 'wasm-sync-tier-up';
const BUDGET = '--wasm-tiering-budget';
/** V8's own value, in bytes of code that run before a function is optimised. */
const USUAL_BUDGET = 13_000_000;
/** V8's first major that has both flags. */
const FIRST_MAJOR = 12;

/** Whether V8 can be told to optimise WASM functions at once. */
export function canOptimiseAtOnce(): boolean {
  const { versions } = (globalThis as { process?: { versions?: { v8?: string } } }).process ?? {};
  return canSetV8Flags() && parseInt(versions?.v8 ?? '0', 10) >= FIRST_MAJOR;
}

/**
 * Compiles a module whose functions V8 optimises when they have run once, instead of some milliseconds; the baseline compiler makes them first, as ever. Leaving
 * it out would be quicker (`--no-liftoff`), but V8 14.6 ends the process when that is set while it runs and functions are inlined.
 */
export function compileHot(bytes: Uint8Array<ArrayBuffer>): WebAssembly.Module {
  const changed = canOptimiseAtOnce() && setV8Flag(`${BUDGET}=1`);
  try {
    return new WebAssembly.Module(bytes);
  } finally {
    if (changed) setV8Flag(`${BUDGET}=${USUAL_BUDGET}`);
  }
}

/**
 * Runs `work`, in which a function of a {@link compileHot hot module} that is not optimised yet is so before its call or its callers' next one returns, instead
 * of in the background.
 */
export function optimisingAtOnce<T>(work: () => T): T {
  const changed = canOptimiseAtOnce() && setV8Flag(`--${SYNCHRONOUS}`);
  try {
    return work();
  } finally {
    if (changed) setV8Flag(`--no-${SYNCHRONOUS}`);
  }
}
