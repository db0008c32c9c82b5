/** `node 24.1.0`, `deno 2.9.6`, or the browser's own words. */
export function runtimeName(): string {
  const host = globalThis as {
    Deno?: { version: { deno: string } };
    process?: { versions?: { node?: string } };
    navigator?: { userAgent?: string };
  };
  if (host.Deno) return `deno ${host.Deno.version.deno}`;
  const node = host.process?.versions?.node;
  return node ? `node ${node}` : (host.navigator?.userAgent ?? 'unknown');
}
