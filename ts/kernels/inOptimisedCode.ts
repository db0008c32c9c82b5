import { setV8Flag } from './v8Flag.ts';

/**
 * Runs `work`, in which V8 compiles a WASM function that is called for the first time by its optimising compiler at once. Functions that
 * were called before keep their code, and where V8's flags cannot be set this is a plain call. What is compiled at other times is not touched.
 */
export function inOptimisedCode<T>(work: () => T): T {
  const baseline = setV8Flag('--no-liftoff');
  try {
    return work();
  } finally {
    if (baseline) setV8Flag('--liftoff');
  }
}
