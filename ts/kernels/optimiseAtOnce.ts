import { canSetV8Flags, setV8Flag } from './v8Flag.ts';

const BUDGET = '--wasm-tiering-budget';
/** V8's own value, in bytes of code that run before a function is optimised. */
const USUAL_BUDGET = `${BUDGET}=13000000`;
/** V8's first major that has both flags. */
const FIRST_MAJOR = 12;

interface Host {
  readonly execArgv?: readonly string[];
  readonly versions?: { readonly v8?: string };
}

const { execArgv = [], versions } = (globalThis as { process?: Host }).process ?? {};
/** The budget that Node was started with, if it was given one. */
const budget = execArgv.findLast((flag) => flag.startsWith(`${BUDGET}=`)) ?? USUAL_BUDGET;

/** Whether V8 can be told to optimise WASM functions at once. */
export function canOptimiseAtOnce(): boolean {
  return canSetV8Flags() && parseInt(versions?.v8 ?? '0', 10) >= FIRST_MAJOR;
}

/** Calls `work` with flags of V8 that differ from what they are. */
function withFlags<T>(flags: readonly (readonly [flag: string, back: string])[], work: () => T): T {
  const changed = canOptimiseAtOnce() ? flags.filter(([flag]) => setV8Flag(flag)) : [];
  try {
    return work();
  } finally {
    for (const [, back] of changed) setV8Flag(back);
  }
}

const SOON = [`${BUDGET}=1`, budget] as const;
const SYNCHRONOUS = ['--wasm-sync-tier-up', '--no-wasm-sync-tier-up'] as const;

/**
 * Calls `work`, after which V8 optimises in the background what ran in it of modules that {@link compileHot} compiled; a function's budget begins
 * anew whenever it is used up, so that it has to be small here, too.
 */
export const optimisingSoon = <T>(work: () => T): T => withFlags([SOON], work);

/** Calls `work`, in which V8 optimises such functions before they, or their callers, return. */
export const optimisingAtOnce = <T>(work: () => T): T => withFlags([SOON, SYNCHRONOUS], work);

/**
 * Compiles a module whose functions V8 optimises when they have run once, instead of some milliseconds; the baseline compiler makes them first, as ever. Leaving
 * it out would be quicker (`--no-liftoff`), but V8 14.6 ends the process when that is set while it runs and functions are inlined.
 */
export const compileHot = (bytes: Uint8Array<ArrayBuffer>): WebAssembly.Module =>
  optimisingSoon(() => new WebAssembly.Module(bytes));
