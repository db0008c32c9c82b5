/**
 * A package of bench/peers. Its types are given here, in the few words that are used of it, because the package is
 * installed only when somebody compares.
 */
export async function importPeer<T>(name: string): Promise<T> {
  const found = (await import(name)) as { default?: T } & T;
  return found.default ?? found;
}
