import type { ByteStore } from './byteStore.ts';
import { checkLayout, readEntry } from './entries.ts';
import { readHeader } from './header.ts';
import { lazyTensor } from './lazyTensor.ts';
import type { Safetensors, SafetensorsTensor } from './storage.ts';
import { StoredValues } from './storedValues.ts';

/**
 * Reads the header of a safetensors file; values are read one tensor at a time when they are asked for.
 *
 * @throws {FormatError} for a file that is truncated, or whose header is not what the format asks for
 */
export function openSafetensors(store: ByteStore): Safetensors {
  const { dataStart, described, metadata } = readHeader(store);
  const { name } = store;
  const entries = Object.entries(described).map(([key, value]) => readEntry(key, value, name));
  checkLayout(entries, store.size - dataStart, name);
  const tensors = new Map<string, SafetensorsTensor>();
  for (const entry of entries) {
    tensors.set(entry.name, lazyTensor(new StoredValues(store, dataStart, entry)));
  }
  return { tensors, metadata };
}
