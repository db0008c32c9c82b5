/**
 * How names of a file and names of a network differ: a map from path to path, the longest path that fits counting
 * (`{ 'backbone.conv1': 'conv1' }` takes `backbone.conv1.weight` to `conv1.weight`), or any function of a name.
 */
export type Rename = Readonly<Record<string, string>> | ((name: string) => string);

/** A name after renaming. */
export function renamed(name: string, rename: Rename | undefined): string {
  if (!rename) return name;
  if (typeof rename === 'function') return rename(name);
  const paths = Object.keys(rename).filter((path) => name === path || name.startsWith(`${path}.`));
  if (paths.length === 0) return name;
  const path = paths.reduce((longest, other) => (other.length > longest.length ? other : longest));
  const rest = name.slice(path.length);
  const target = rename[path]!;
  return target === '' ? rest.replace(/^\./, '') : target + rest;
}

/** `missing: a, b; unexpected: c`, in one readable line however many there are; empty lists are left out. */
export function listNames(lists: Readonly<Record<string, readonly string[]>>, most = 6): string {
  const someOf = (names: readonly string[]): string => {
    const rest = names.length - most;
    return names.slice(0, most).join(', ') + (rest > 0 ? ` and ${rest} more` : '');
  };
  return Object.entries(lists)
    .filter(([, names]) => names.length > 0)
    .map(([what, names]) => `${what}: ${someOf(names)}`)
    .join('; ');
}
