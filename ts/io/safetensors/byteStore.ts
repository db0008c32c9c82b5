/** Bytes that can be read again and again, piece by piece: those of a file, or of a buffer. */
export interface ByteStore {
  /** What errors call it. */
  readonly name: string;
  readonly size: number;
  /**
   * Bytes from `begin` up to `end`, 0 ≤ begin ≤ end ≤ size, in memory that the next call may write again; in `into`, which
   * they fill, where it is given and the store has them nowhere else.
   *
   * @param what is read, for errors
   * @throws {Error} when they are no longer there, or no longer the same
   */
  read(begin: number, end: number, what: string, into?: Uint8Array): Uint8Array;
}

/** The bytes of a buffer, which must not change. */
export function bufferStore(bytes: Uint8Array, name: string): ByteStore {
  const { buffer, byteOffset, byteLength: size } = bytes;
  const all = new Uint8Array(buffer, byteOffset, size);
  return {
    name,
    size,
    read(begin, end, what) {
      if (all.length !== size) {
        throw new Error(`${name}: ${what}: read: its buffer was transferred away`);
      }
      return all.subarray(begin, end);
    },
  };
}
