/** `node 24.1.0`, `deno 2.9.6`, `bun 1.4.5`, or the browser's own words. */
export function runtimeName(): string {
  const host = globalThis as {
    Deno?: { version: { deno: string } };
    process?: { versions?: { node?: string; bun?: string } };
    navigator?: { userAgent?: string };
  };
  if (host.Deno) return `deno ${host.Deno.version.deno}`;
  // Bun and Deno state the Node that they stand for as well.
  const bun = host.process?.versions?.bun;
  if (bun) return `bun ${bun}`;
  const node = host.process?.versions?.node;
  return node ? `node ${node}` : (host.navigator?.userAgent ?? 'unknown');
}
