// Declarations that no entry of the package refers to: the compiler writes one for each source.
import { readFileSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';

const REFERENCE = /(?:from|import)\s*\(?\s*['"](\.[^'"]+)\.[jt]s['"]|<reference path="([^"]+)"/g;

/** Removes what is not reached from these files of the folder. */
export function pruneDeclarations(folder, entries) {
  const reached = new Set();
  const queue = entries.map((name) => join(folder, `${name}.d.ts`));
  for (let file = queue.pop(); file; file = queue.pop()) {
    if (reached.has(file)) continue;
    reached.add(file);
    for (const [, module, path] of readFileSync(file, 'utf8').matchAll(REFERENCE)) {
      queue.push(join(dirname(file), path ?? `${module}.d.ts`));
    }
  }
  for (const name of readdirSync(folder, { recursive: true })) {
    const file = join(folder, name);
    if (file.endsWith('.d.ts') && !reached.has(file)) rmSync(file);
  }
}
