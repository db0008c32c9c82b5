import { checkLayout, readEntry } from './entries.ts';
import { readHeader } from './header.ts';
import { type SafetensorsTensor, STORAGE } from './storage.ts';

/** Contents of a safetensors file. */
export interface Safetensors {
  readonly tensors: Map<string, SafetensorsTensor>;
  readonly metadata: Record<string, string>;
}

/**
 * Reads a safetensors file. Values may share memory with `bytes`.
 *
 * Source: the format's description and reference reader, huggingface/safetensors 0.5.
 *
 * @param name what errors call the file
 * @throws {FormatError} for a file that is truncated, or whose header is not what the format asks for
 */
export function parseSafetensors(bytes: Uint8Array, name: string): Safetensors {
  const file = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { dataStart, described, metadata } = readHeader(file, name);
  const data = file.subarray(dataStart);
  const entries = Object.entries(described).map(([key, value]) => readEntry(key, value, name));
  checkLayout(entries, data.length, name);
  const tensors = new Map<string, SafetensorsTensor>();
  for (const { name: key, dtype, shape, begin, end } of entries) {
    const values = STORAGE[dtype].read(data.subarray(begin, end));
    tensors.set(key, { dtype, shape, data: values } as SafetensorsTensor);
  }
  return { tensors, metadata };
}
