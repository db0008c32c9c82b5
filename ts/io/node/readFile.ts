import { readFile as read } from 'node:fs/promises';
import { fileError } from './fileError.ts';
import { plainBytes } from './plainBytes.ts';

/**
 * Bytes of a file.
 *
 * @throws {Error} naming the path and the cause
 */
export async function readFile(path: string): Promise<Uint8Array> {
  try {
    return plainBytes(await read(path));
  } catch (error) {
    throw fileError(path, 'read', error);
  }
}
