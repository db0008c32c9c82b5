import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileError } from './fileError.ts';
import { removeLeftOvers, temporaryName } from './leftOvers.ts';

/** No write takes so long: what is older was left by a process that was killed. */
const LEFT_OVER_MS = 3_600_000;

/**
 * Writes a file so that its path holds either what it held before or all of the new contents, even after a power cut:
 * a temporary file beside it is written, synced and renamed. Those that killed processes left for it are removed.
 *
 * @throws {Error} naming the path and the cause; nothing is left behind
 */
export async function writeAtomic(path: string, contents: Uint8Array | string): Promise<void> {
  const folder = dirname(path);
  const temporary = join(folder, temporaryName(path));
  try {
    await writeSynced(temporary, contents);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw fileError(path, 'write', error);
  }
  await syncFolder(folder);
  await removeLeftOvers(folder, [basename(path)], LEFT_OVER_MS);
}

async function writeSynced(path: string, contents: Uint8Array | string): Promise<void> {
  const file = await open(path, 'wx');
  try {
    await file.writeFile(contents);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Makes the rename itself durable; a platform that cannot sync a folder (Windows) does without. */
async function syncFolder(path: string): Promise<void> {
  try {
    const folder = await open(path, 'r');
    await folder.sync().finally(() => folder.close());
  } catch {
    return;
  }
}
