import { bufferStore } from './byteStore.ts';
import { openSafetensors } from './open.ts';
import type { SafetensorsTensor } from './storage.ts';

/** Contents of a safetensors file. */
export interface Safetensors {
  readonly tensors: Map<string, SafetensorsTensor>;
  readonly metadata: Record<string, string>;
}

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
