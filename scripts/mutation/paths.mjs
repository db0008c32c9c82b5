import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { localCache } from '../setup/paths.mjs';

/** Results of all runs, Stryker's packages, and copies of the sources while a run lasts. */
export const folder = join(localCache, 'mutation');

/** Stryker's packages; inside the clone, so that they find its vitest. */
export const tools = join(folder, 'tools');

/** Copies of the sources, which alone are changed. */
export const copies = join(folder, 'copies');

export const removeCopies = () => rmSync(copies, { recursive: true, force: true, maxRetries: 10 });

/** The objects of a file with one a line; none when there is no such file. */
export function readLines(path) {
  try {
    return readFileSync(path, 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  } catch (error) {
    if (error.code === 'ENOENT') return [];
    throw error;
  }
}
