import { readdir, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';

/** Name of the temporary file of an atomic write: hidden, beside the file, and no other's. */
export const temporaryName = (path: string): string =>
  `.${basename(path)}.${crypto.randomUUID()}.tmp`;

const TEMPORARY = /^\.(.+)\.[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.tmp$/;

/**
 * Removes temporary files of writes that were killed before their end.
 *
 * @param names files that were to be written
 * @param leastAgeMs younger ones may be another process's at work
 */
export async function removeLeftOvers(
  folder: string,
  names: readonly string[],
  leastAgeMs = 0,
): Promise<void> {
  const found = await readdir(folder).catch(() => []);
  for (const name of found) {
    const file = TEMPORARY.exec(name)?.[1];
    if (file === undefined || !names.includes(file)) continue;
    const path = join(folder, name);
    const age = await stat(path).then(
      ({ mtimeMs }) => Date.now() - mtimeMs,
      () => -1,
    );
    if (age >= leastAgeMs) await rm(path, { force: true }).catch(() => undefined);
  }
}
