import { FormatError } from '../../base/errors.ts';
import { sizeOf } from '../../base/shape.ts';
import type { ByteStore } from './byteStore.ts';
import type { Entry } from './entries.ts';
import { show } from './json.ts';
import { DTYPES, isUnread, STORAGE, type SafetensorsTensor } from './storage.ts';

/** Elements that are looked at together: as many as a cache holds. */
const PIECE = 1 << 17;

/** The values of a tensor where they lie in a file. */
export class StoredValues {
  readonly entry: Entry;
  readonly #store: ByteStore;
  /** Where the file's data begins. */
  readonly #dataStart: number;

  constructor(store: ByteStore, dataStart: number, entry: Entry) {
    this.#store = store;
    this.#dataStart = dataStart;
    this.entry = entry;
  }

  /** All of them. They may share memory with the buffer that they come from. */
  all(): SafetensorsTensor['data'] {
    const { begin, end } = this.entry;
    const { read } = this.#storage;
    return read(this.#bytes(begin, end, new Uint8Array(end - begin)));
  }

  /** `count` of them as f32 in memory that the next call may write again. */
  floats(first: number, count: number): Float32Array {
    const values = this.#some(first, count);
    return values instanceof Float32Array ? values : Float32Array.from(values as Float64Array);
  }

  /** Calls `visit` with all of them, piece by piece, until it returns true. */
  some(visit: (values: SafetensorsTensor['data'], first: number) => boolean): void {
    const size = sizeOf(this.entry.shape);
    for (let first = 0; first < size; first += PIECE) {
      if (visit(this.#some(first, Math.min(PIECE, size - first)), first)) return;
    }
  }

  #some(first: number, count: number): SafetensorsTensor['data'] {
    const { read, bytes } = this.#storage;
    const begin = this.entry.begin + first * bytes;
    return read(this.#bytes(begin, begin + count * bytes));
  }

  get #storage(): (typeof STORAGE)[keyof typeof STORAGE] {
    const { dtype, name } = this.entry;
    if (!isUnread(dtype)) return STORAGE[dtype];
    throw new FormatError(
      `${this.#store.name}: tensor ${show(name)}: read: is ${dtype} but values are read of ${DTYPES.join(', ')}`,
    );
  }

  #bytes(begin: number, end: number, into?: Uint8Array): Uint8Array {
    const what = `tensor ${show(this.entry.name)}`;
    return this.#store.read(this.#dataStart + begin, this.#dataStart + end, what, into);
  }
}
