import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import process from 'node:process';
import { bufferStore, type ByteStore } from '../safetensors/byteStore.ts';
import { fileError } from './fileError.ts';

/** A file of fewer bytes is read at once and closed: files that are kept open are few then. */
const SMALL = 1 << 20;
/** An open file cannot be replaced there, not even by this program. */
const READS_AT_ONCE = process.platform === 'win32';
/** Memory that pieces are read into, at least. */
const STAGING_BYTES = 1 << 19;
/** Pieces that are larger than this get memory of their own. */
const MOST_STAGING_BYTES = 1 << 22;

let staging = new Uint8Array(0);

/** Closes the files whose tensors are all gone. */
const forgotten = new FinalizationRegistry<number>((descriptor) => closeSync(descriptor));

/**
 * A file whose bytes are read when they are needed. It stays open while a tensor may need them: it may be replaced or deleted
 * meanwhile, as the system keeps what is open. On Windows, which does not, it is read at once.
 *
 * @param name what errors call it once it is open; its path by default
 * @throws {Error} naming the path and the cause
 */
export function openFile(path: string, name = path): ByteStore {
  const descriptor = attempt(path, 'read', () => openSync(path, 'r'));
  try {
    const { size, mtimeMs } = attempt(path, 'read', () => fstatSync(descriptor));
    const store: ByteStore = {
      name,
      size,
      read(begin, end, what, into = stagingOf(end - begin)) {
        attempt(`${name}: ${what}`, 'read', () => {
          const now = fstatSync(descriptor);
          if (now.size !== size || now.mtimeMs !== mtimeMs) {
            throw new Error('the file was written since its weights were loaded');
          }
          readFully(descriptor, into, begin);
        });
        return into;
      },
    };
    if (size < SMALL || READS_AT_ONCE) {
      const bytes = store.read(0, size, 'file', new Uint8Array(size));
      closeSync(descriptor);
      return bufferStore(bytes, name);
    }
    forgotten.register(store, descriptor);
    return store;
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

function readFully(descriptor: number, into: Uint8Array, position: number): void {
  for (let at = 0; at < into.length;) {
    const count = readSync(descriptor, into, at, into.length - at, position + at);
    if (count === 0) throw new Error(`it ends after ${position + at} bytes`);
    at += count;
  }
}

function stagingOf(bytes: number): Uint8Array {
  if (bytes > MOST_STAGING_BYTES) return new Uint8Array(bytes);
  if (bytes > staging.length) staging = new Uint8Array(Math.max(bytes, STAGING_BYTES));
  return staging.subarray(0, bytes);
}

function attempt<T>(place: string, action: string, fn: () => T): T {
  try {
    return fn();
  } catch (error) {
    throw fileError(place, action, error);
  }
}
