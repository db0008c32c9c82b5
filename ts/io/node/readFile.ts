import { readFile as read } from 'node:fs/promises';
import { fileError } from './fileError.ts';

/**
 * Bytes of a file.
 *
 * @throws {Error} naming the path and the cause
 */
export async function readFile(path: string): Promise<Uint8Array> {
  try {
    const { buffer, byteOffset, byteLength } = await read(path);
    return new Uint8Array(buffer, byteOffset, byteLength);
  } catch (error) {
    throw fileError(path, 'read', error);
  }
}
