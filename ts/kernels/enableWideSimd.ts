import type { Width } from './chooseWidth.ts';
import { wasCompiled } from './readBuild.ts';
import { pairsVectors, REVECTORIZE_FLAG, wasAsked } from './pairsVectors.ts';
import { probe } from './probe.ts';
import { canSetV8Flags, setV8Flag } from './v8Flag.ts';

/** What became of {@link enableWideSimd}. */
export interface WideSimd {
  /** Bits of the vectors that `init` takes from now on, unless it is told otherwise. */
  readonly simd: Width;
  /** Why they are 128. */
  readonly reason?: string;
}

/**
 * Sets V8's flag `--experimental-wasm-revectorize`, by which its optimising compiler makes one operation on 256 bits of two neighbouring ones on 128, and
 * asks the engine whether it does. It counts for this process and all its workers, for WASM functions that are optimised afterwards; where it brings
 * nothing it is taken back.
 *
 * @throws Error when `init` has loaded a WASM build or asked the engine already: what was compiled keeps its code.
 */
export function enableWideSimd(): WideSimd {
  return (answer ??= enable());
}

let answer: WideSimd | undefined;

function enable(): WideSimd {
  const { simd, relaxed } = probe();
  if (wasAsked(relaxed) && pairsVectors(relaxed)) return { simd: 256 };
  if (wasCompiled() || wasAsked()) {
    throw new Error('enableWideSimd: a WASM build was loaded already: call it before init()');
  }
  if (!canSetV8Flags()) {
    return { simd: 128, reason: "V8's flags can be set by programs in Node and Electron alone" };
  }
  const changed = setV8Flag(REVECTORIZE_FLAG);
  if (simd && pairsVectors(relaxed)) return { simd: 256 };
  if (changed) setV8Flag(REVECTORIZE_FLAG.replace('--', '--no-'));
  const why = changed
    ? `knows ${REVECTORIZE_FLAG} but does not pair vectors on this processor`
    : `does not know ${REVECTORIZE_FLAG}, or had it and pairs no vectors`;
  return { simd: 128, reason: `this V8, ${versionOfV8()}, ${why}` };
}

function versionOfV8(): string {
  return (globalThis as { process?: NodeJS.Process }).process?.versions.v8 ?? 'of unknown version';
}
