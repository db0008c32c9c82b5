import { nodeModule } from './node.ts';

/** A length that V8 in Node and Deno refuses, after it has collected in vain. Browsers call it invalid at once. */
const BEYOND_MEMORY = 2 ** 40;
/** A length that browsers refuse after a collection, or grant and count; its pages are never touched. */
const HUGE = 2 ** 33;

interface Host {
  readonly Bun?: { gc(now: boolean): unknown };
}

/**
 * Lets the runtime collect now. Only Bun has a call for that in every program; V8 and Firefox collect before they refuse a huge
 * buffer, and when they have granted one.
 */
export function collectGarbage(): void {
  const { Bun } = globalThis as Host;
  if (Bun) {
    Bun.gc(true);
    return;
  }
  try {
    void new ArrayBuffer(nodeModule('node:vm') ? BEYOND_MEMORY : HUGE);
  } catch {
    // What it was asked for is not wanted.
  }
}

let letGo: (() => void) | undefined;

/**
 * Lets the collector take what weak references were made to, or asked, in this job: usually it lives until the job and its
 * microtasks are over. In Node and Deno they are over, for this, when a context with microtasks of its own has run; in Bun nothing
 * is kept so long; a page cannot be asked for it.
 */
export function letGoOfJob(): void {
  letGo ??= contextThatEnds() ?? ((): void => undefined);
  letGo();
}

/** Undefined where there are no contexts, or only their names, as in Cloudflare Workers. */
function contextThatEnds(): (() => void) | undefined {
  const vm = 'Bun' in globalThis ? undefined : nodeModule<typeof import('node:vm')>('node:vm');
  if (!vm) return undefined;
  try {
    const context = vm.createContext({}, { microtaskMode: 'afterEvaluate' });
    const nothing = new vm.Script('0');
    const end = (): void => void nothing.runInContext(context);
    end();
    return end;
  } catch {
    return undefined;
  }
}
