import { FormatError } from '../../base/errors.ts';

/** The address that stands for none: all bits set. */
export const NOWHERE = -1;

/**
 * Bytes of an HDF5 file, little-endian, read within their bounds. Whoever follows an address pays for it by {@link spend}, so
 * that structures which lead in circles, or again and again to the same place, end as an error and not never.
 */
export class Hdf5Bytes {
  readonly file: string;
  readonly size: number;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #budget: number;

  constructor(bytes: Uint8Array, file: string) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.file = file;
    this.size = bytes.length;
    // The smallest structure takes eight bytes; every one may be come upon a few times.
    this.#budget = 1000 + bytes.length;
  }

  /** One error for a file that is not as the format has it. */
  fail(fact: string): never {
    throw new FormatError(`${this.file}: keras: is no HDF5 file: ${fact}`);
  }

  /** Counts structures that are read. */
  spend(structures = 1): void {
    this.#budget -= structures;
    if (this.#budget < 0) {
      this.fail(`its structures are more than ${this.size} bytes can hold, or lead in circles`);
    }
  }

  u8(at: number): number {
    return this.#view.getUint8(this.#within(at, 1));
  }

  u16(at: number): number {
    return this.#view.getUint16(this.#within(at, 2), true);
  }

  u32(at: number): number {
    return this.#view.getUint32(this.#within(at, 4), true);
  }

  /** A size or an address; {@link NOWHERE} for all bits set. */
  u64(at: number): number {
    const value = this.#view.getBigUint64(this.#within(at, 8), true);
    if (value === 0xffffffffffffffffn) return NOWHERE;
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) {
      this.fail(`has ${value} at ${at} where a size or an address must be`);
    }
    return Number(value);
  }

  /** A number of one, two, four or eight bytes. */
  uint(at: number, bytes: number): number {
    if (bytes === 1) return this.u8(at);
    if (bytes === 2) return this.u16(at);
    return bytes === 4 ? this.u32(at) : this.u64(at);
  }

  slice(at: number, length: number): Uint8Array {
    this.#within(at, length);
    return this.#bytes.subarray(at, at + length);
  }

  /** Text of so many bytes, up to the first zero. */
  text(at: number, length: number): string {
    const bytes = this.slice(at, length);
    const end = bytes.indexOf(0);
    const text = end < 0 ? bytes : bytes.subarray(0, end);
    this.spend(text.length >> 3);
    return new TextDecoder().decode(text);
  }

  /** Checks the letters that a structure begins with. */
  expect(letters: string, at: number): void {
    const found = String.fromCharCode(...this.slice(at, letters.length));
    if (found !== letters) {
      this.fail(`has ${JSON.stringify(found)} at ${at} where ${letters} must be`);
    }
  }

  #within(at: number, length: number): number {
    if (at >= 0 && at + length <= this.size) return at;
    this.fail(`needs ${length} bytes at ${at} but has ${this.size}`);
  }
}
