import { FormatError } from '../../base/errors.ts';
import { inflateWithin } from '../inflateWithin.ts';
import { crc32 } from '../crc32.ts';

/** A file of a zip archive, unpacked when it is asked for. */
export interface ZipEntry {
  readonly name: string;
  /** Bytes that it has unpacked. */
  readonly size: number;
  /**
   * All of it.
   *
   * @throws {FormatError} for one that does not unpack to its size, or whose CRC-32 is another
   */
  read(): Uint8Array;
  /** At most so many bytes of its beginning, unchecked. */
  begin(most: number): Uint8Array;
}

const [LOCAL, CENTRAL, END] = [0x04034b50, 0x02014b50, 0x06054b50];
const [END_BYTES, CENTRAL_BYTES, LOCAL_BYTES] = [22, 46, 30];
const [STORED, DEFLATED] = [0, 8];
const MOST_COMMENT_BYTES = 0xffff;

/**
 * Files of a zip archive by its central directory.
 *
 * Source: PKWARE's APPNOTE.TXT 6.3.10, without encryption, several disks and sizes of 4 GiB and more.
 *
 * @throws {FormatError} for bytes that are no zip archive, or one with two files of a name
 */
export function readZip(bytes: Uint8Array, file: string): ZipEntry[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = findEnd(view);
  if (end < 0) {
    throw new FormatError(`${file}: keras: is no zip archive: it has no directory at its end`);
  }
  const count = view.getUint16(end + 10, true);
  const entries: ZipEntry[] = [];
  const names = new Set<string>();
  let at = view.getUint32(end + 16, true);
  for (let index = 0; index < count; index++) {
    if (at + CENTRAL_BYTES > end || view.getUint32(at, true) !== CENTRAL) {
      throw new FormatError(
        `${file}: keras: is no zip archive: its directory has ${index} files but says ${count}`,
      );
    }
    const lengths = [28, 30, 32].map((offset) => view.getUint16(at + offset, true));
    const next = at + CENTRAL_BYTES + lengths.reduce((sum, length) => sum + length, 0);
    const nameAt = at + CENTRAL_BYTES;
    const name = new TextDecoder().decode(bytes.subarray(nameAt, nameAt + lengths[0]!));
    if (names.has(name)) {
      throw new FormatError(`${file}: ${name}: zip: is in the archive twice but must be unique`);
    }
    names.add(name);
    entries.push(new Entry(bytes, view, at, name, `${file}: ${name}`));
    at = next;
  }
  return entries;
}

/** Where the record is that ends the archive, before a comment; -1 when there is none. */
function findEnd(view: DataView): number {
  const last = view.byteLength - END_BYTES;
  for (let at = last; at >= Math.max(0, last - MOST_COMMENT_BYTES); at--) {
    if (view.getUint32(at, true) === END) return at;
  }
  return -1;
}

class Entry implements ZipEntry {
  readonly name: string;
  readonly size: number;
  readonly #place: string;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #method: number;
  readonly #crc: number;
  readonly #packedSize: number;
  readonly #offset: number;

  constructor(bytes: Uint8Array, view: DataView, at: number, name: string, place: string) {
    this.name = name;
    this.#place = place;
    this.#bytes = bytes;
    this.#view = view;
    this.#method = view.getUint16(at + 10, true);
    this.#crc = view.getUint32(at + 16, true);
    this.#packedSize = view.getUint32(at + 20, true);
    this.size = view.getUint32(at + 24, true);
    this.#offset = view.getUint32(at + 42, true);
  }

  read(): Uint8Array {
    const packed = this.#packed();
    const data =
      this.#method === STORED ? packed : inflateWithin(packed, this.size, { wrapping: 'raw' });
    if (data?.length !== this.size) {
      this.#fail(`does not unpack to its ${this.size} bytes`);
    }
    const crc = crc32(data);
    if (crc !== this.#crc) {
      const [is, says] = [crc, this.#crc].map((sum) => sum.toString(16).padStart(8, '0'));
      this.#fail(`has the CRC-32 ${is} but the archive says ${says}: it is damaged`);
    }
    return data;
  }

  begin(most: number): Uint8Array {
    const packed = this.#packed();
    if (this.#method === STORED) return packed.subarray(0, most);
    const data = inflateWithin(packed, most, { wrapping: 'raw', part: true });
    return data ?? this.#fail('is not deflated as it says');
  }

  #packed(): Uint8Array {
    const view = this.#view;
    const at = this.#offset;
    if (this.#method !== STORED && this.#method !== DEFLATED) {
      this.#fail(`is packed by method ${this.#method} but 0 (stored) and 8 (deflated) are read`);
    }
    if (at + LOCAL_BYTES > view.byteLength || view.getUint32(at, true) !== LOCAL) {
      this.#fail(`is not at ${at}, where the archive has it`);
    }
    if (view.getUint16(at + 6, true) & 1) this.#fail('is encrypted');
    const begin = at + LOCAL_BYTES + view.getUint16(at + 26, true) + view.getUint16(at + 28, true);
    const end = begin + this.#packedSize;
    if (end > this.#bytes.length) {
      this.#fail(`ends at ${end} but the archive has ${this.#bytes.length} bytes`);
    }
    return this.#bytes.subarray(begin, end);
  }

  #fail(fact: string): never {
    throw new FormatError(`${this.#place}: zip: ${fact}`);
  }
}
