import { bufferStore } from './byteStore.ts';
import { openSafetensors } from './open.ts';
import type { Safetensors } from './storage.ts';

/**
 * Reads a safetensors file. Values may share memory with `bytes`, and so may the weights of a network that they are loaded
 * into: `bytes` must not change afterwards.
 *
 * Source: the format's description and reference reader, huggingface/safetensors 0.5.
 *
 * @param name what errors call the file
 * @throws {FormatError} for a file that is truncated, or whose header is not what the format asks for
 */
export function parseSafetensors(bytes: Uint8Array, name: string): Safetensors {
  return openSafetensors(bufferStore(bytes, name));
}
