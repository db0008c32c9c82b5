/** Node's own modules where there are any (Node, Deno), without an import that a bundler would follow. */
export function nodeModule<T>(name: string): T | undefined {
  const host = (globalThis as { process?: { getBuiltinModule?: (name: string) => unknown } })
    .process;
  return host?.getBuiltinModule?.(name) as T | undefined;
}
