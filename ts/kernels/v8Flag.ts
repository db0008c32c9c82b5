import { nodeModule } from './node.ts';

interface Host {
  readonly versions?: Readonly<Record<string, string>>;
}

const { versions = {} } = (globalThis as { process?: Host }).process ?? {};

/** Where a program can set V8's flags at any time: in Node and Electron. Deno and Bun have the functions and ignore them. */
function v8(): typeof import('node:v8') | undefined {
  return 'deno' in versions || 'bun' in versions ? undefined : nodeModule('node:v8');
}

/** Whether {@link setV8Flag} does something here. */
export const canSetV8Flags = (): boolean => v8() !== undefined;

/** Sets a flag of V8 for this process; whether it changed anything: not where it was set already, nor where it is unknown. */
export function setV8Flag(flag: string): boolean {
  const host = v8();
  if (!host) return false;
  // The tag is a hash of V8's version and flags; setting an unknown flag returns nothing and throws nothing.
  const before = host.cachedDataVersionTag();
  host.setFlagsFromString(flag);
  return host.cachedDataVersionTag() !== before;
}
